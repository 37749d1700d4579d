import { expect } from 'chai';
import { GradswarmError } from '../../../protocol/errors.js';
import { mutatedBytes, mutatedValue } from './mutations.js';
import { type Reader, surveyTable, tried } from './survey.js';

const CORPUS = [Uint8Array.from({ length: 40 }, (_, i) => i)];

const reader = (read: (input: Uint8Array) => void): Reader => ({
  name: 'planted',
  inputs: mutatedBytes(CORPUS),
  refuses: ['ERR_STATE'],
  read,
});

describe('fuzzing', () => {
  it('finds a planted fault and gives the seed and the smallest input in hexadecimal, the same ones each time', () => {
    const planted = reader((input) => {
      if (input.includes(255)) throw new RangeError('planted');
    });
    const outcome = String(tried(planted, 2000, 7));
    expect(outcome).to.match(/^planted, seed 7, path [\d:]+: hex ([\da-f]{2})*ff([\da-f]{2})*\n.*RangeError: planted/s);
    const firstLine = (text: unknown) => String(text).split('\n')[0];
    expect(firstLine(tried(planted, 2000, 7))).to.equal(firstLine(outcome));
    // 40 bytes of the corpus, one change: what was not needed is gone.
    const [hex] = /(?<=hex )[\da-f]+/.exec(outcome)!;
    const differing = hex.match(/../g)!.filter((byte, i) => Number.parseInt(byte, 16) !== i);
    expect(differing.length).to.be.at.most(8);
  });

  it('takes a refusal of another kind than the reader’s own for a fault', () => {
    const refusing = reader(() => {
      throw new GradswarmError('ERR_PROTOCOL', 'another');
    });
    expect(tried(refusing, 10, 1)).to.include('ERR_PROTOCOL: another');
    const own = reader(() => {
      throw new GradswarmError('ERR_STATE', 'its own');
    });
    expect(tried(own, 10, 1)).to.include({ inputs: 10, read: 0, refused: 10 });
    expect(surveyTable([tried(own, 10, 1) as never]).at(-1)).to.equal('| planted | 10 | 0 | 10 |');
  });

  it('changes values everywhere and leaves the valid ones as they were', () => {
    const valid = { a: [1, { b: 'c' }], d: Uint8Array.of(1) };
    const seen = new Set<string>();
    const values: Reader<unknown> = {
      name: 'values',
      inputs: mutatedValue([valid]),
      refuses: [],
      read: (value) => void seen.add(JSON.stringify(value)),
    };
    expect(tried(values, 500, 1)).to.include({ read: 500 });
    expect(seen.size).to.be.above(150);
    expect(valid).to.deep.equal({ a: [1, { b: 'c' }], d: Uint8Array.of(1) });
  });
});
