import { expect } from 'chai';
import type { Holds } from '../../../protocol/scenario/expectation.js';
import { below } from '../../../protocol/scenario/expectations/below.js';
import { finite } from '../../../protocol/scenario/expectations/finite.js';
import { conjunction, judge, sweepVerdict } from '../../../protocol/scenario/judge.js';
import { falling, run } from '../../support/run-records.js';
import { expectations } from '../../support/tiny-catalogue.js';

describe('a verdict', () => {
  const truth: readonly [all: Holds[], valid: Holds][] = [
    [[], 'unknown'],
    [[true], true],
    [[true, true], true],
    [[true, 'unknown'], 'unknown'],
    [['unknown', false], false],
    [[true, false], false],
    [[false, 'unknown', true], false],
  ];
  for (const [all, valid] of truth) {
    it(`of [${all.join(', ')}] is ${valid}`, () => {
      expect(conjunction(all)).to.equal(valid);
    });
  }

  it('of a run that was only expected to stay finite, and did, is true', () => {
    expect(judge([falling], [{ name: 'finite' }], expectations.find).valid).to.equal(true);
  });

  it('holds one entry an expectation, in order, as plain JSON even where NaN was seen', () => {
    const verdict = judge([run([Number.NaN])], [finite(), below({ of: 'finalLoss', value: 1 })], expectations.find);
    expect(verdict.expectations.map(({ name }) => name)).to.deep.equal(['finite', 'below']);
    expect(JSON.parse(JSON.stringify(verdict))).to.deep.equal(verdict);
  });

  it('of a sweep needs every point and what is expected over them', () => {
    const point = (valid: Holds) => ({ valid, expectations: [] });
    const overall = (valid: Holds) => ({
      valid,
      expectations: [{ name: 'x', holds: valid, observed: null, detail: '' }],
    });
    expect(sweepVerdict([point(true), point(true)], point('unknown'))).to.equal(true);
    expect(sweepVerdict([point(true), point('unknown')], overall(true))).to.equal('unknown');
    expect(sweepVerdict([point(true), point(true)], overall(false))).to.equal(false);
  });

  it('cannot be formed of an expectation that there is not', () => {
    expect(() => judge([falling], [{ name: 'nope' }], expectations.find)).to.throw(
      "ERR_SCENARIO: expect: expected the name of an expectation, got 'nope'",
    );
  });

  it('every file of the folder is an expectation of its own name', () => {
    for (const name of expectations.names()) {
      expect(expectations.find(name)).to.include({ name });
      expect(expectations.find(name)!.summary).to.be.a('string').and.not.equal('');
    }
    expect(expectations.names()).to.have.lengthOf(14);
  });
});
