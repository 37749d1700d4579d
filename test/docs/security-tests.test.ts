import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { FLOODS } from '../support/fuzz/floods.js';
import { WORKER_STATES } from '../support/fuzz/turning-coordinator.js';
import { STATES } from '../support/fuzz/turning-member.js';
import { wireReaders } from '../support/fuzz/wire-readers.js';

const page = readFileSync(fileURLToPath(new URL('../../../docs/security-tests.md', import.meta.url)), 'utf8');

/** First cells and numbers of the rows of a section. */
function rowsOf(section: string): ReadonlyMap<string, readonly number[]> {
  const [, text] = new RegExp(`<!-- ${section}: begin -->(.*)<!-- ${section}: end -->`, 's').exec(page)!;
  const rows = text!.split('\n').filter((line) => line.startsWith('|') && !line.includes('---'));
  return new Map(
    rows.slice(1).map((line) => {
      const [name, ...numbers] = line
        .split('|')
        .slice(1, -1)
        .map((cell) => cell.trim());
      return [name!, numbers.map(Number)];
    }),
  );
}

describe('docs/security-tests.md', () => {
  it('has a row for everything that is tried, and for nothing else; written by GRADSWARM_RECORD=1 npm run test:system', async () => {
    const readers = (await wireReaders()).map(({ name }) => name).filter((name) => !name.startsWith('codec '));
    const files = ['draws.npy', 'draws.log', 'run directory, of a sampler', 'run directory, of a private method'];
    expect([...rowsOf('readers').keys()]).to.have.members([...readers, ...files, 'codec payloads']);
    expect([...rowsOf('members').keys()]).to.have.members(STATES.map((state) => `member, ${state}`));
    expect([...rowsOf('workers').keys()]).to.have.members(WORKER_STATES.map((state) => `worker, ${state}`));
    expect([...rowsOf('processes').keys()]).to.include.members(Object.keys(FLOODS));
  });

  it('counts inputs, each of which a reader read or refused', () => {
    for (const [name, [inputs = 0, read = 0, refused = 0]] of rowsOf('readers')) {
      expect(inputs, name).to.be.above(0);
      expect(read + refused, name).to.equal(inputs);
    }
  });
});
