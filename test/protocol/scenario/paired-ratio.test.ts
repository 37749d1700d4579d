import { expect } from 'chai';
import type { RunRecord } from '../../../protocol/scenario/expectation.js';
import { pairedRatio, seedsOf, studentT95 } from '../../../protocol/scenario/paired-ratio.js';
import type { Scenario } from '../../../protocol/scenario/scenario.js';

const runs = (values: Readonly<Record<number, number>>): RunRecord[] =>
  Object.entries(values).map(([seed, error]) => ({
    scenario: { seed: Number(seed) } as Scenario,
    rows: [],
    summary: { error },
    faultsFired: [],
    stateDigest: '',
  }));
const ratioOf = (top: Record<number, number>, bottom: Record<number, number>) =>
  pairedRatio([runs(top), 'error'], [runs(bottom), 'error']);

describe('protocol/scenario/paired-ratio', () => {
  it('has the t of the tables: 12.706 for 1 degree of freedom, 4.303 for 2, 2.262 for 9, 1.984 for 99', () => {
    for (const [degrees, t] of [
      [1, 12.706],
      [2, 4.303],
      [9, 2.262],
      [99, 1.984],
    ] as const)
      expect(studentT95(degrees)).to.be.closeTo(t, 5e-4);
  });

  it('is the quotient of the means and has no width where the quotient is the same at every seed', () => {
    const { ratio, low, high, seeds } = ratioOf({ 1: 2, 2: 4, 3: 6 }, { 3: 3, 2: 2, 1: 1 })!;
    expect([ratio, low, high]).to.deep.equal([2, 2, 2]);
    expect(seeds).to.deep.equal([1, 2, 3]);
  });

  it('is as wide as Student’s t says of the residuals, by hand: tops 1, 3 over bottoms 1, 1', () => {
    const { ratio, low, high } = ratioOf({ 1: 1, 2: 3 }, { 1: 1, 2: 1 })!;
    expect(ratio).to.equal(2);
    // Residuals -1 and 1: standard deviation sqrt 2, of their mean 1.
    expect(high - ratio).to.be.closeTo(12.7062, 1e-3);
    expect(ratio - low).to.be.closeTo(12.7062, 1e-3);
  });

  it('pairs by seed and leaves out a seed that one side lacks', () => {
    expect(ratioOf({ 1: 2, 2: 4, 9: 1000 }, { 1: 1, 2: 2 })!.ratio).to.equal(2);
    expect(ratioOf({ 1: 2 }, { 1: 1 }), 'one seed has no spread').to.equal(null);
    expect(ratioOf({ 1: 2, 2: 3 }, { 3: 1, 4: 1 }), 'no seed in common').to.equal(null);
  });

  it('covers the quotient of the laws’ means in about 95 of 100 samples of five seeds', () => {
    let state = 1;
    const uniform = () => {
      state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
      return state / 2 ** 32;
    };
    let covered = 0;
    for (let sample = 0; sample < 1000; sample++) {
      const [top, bottom]: Record<number, number>[] = [{}, {}];
      for (let seed = 1; seed <= 5; seed++) {
        const common = uniform() + uniform();
        top![seed] = 3 + common + uniform();
        bottom![seed] = 2 + common + uniform();
      }
      const { low, high } = ratioOf(top!, bottom!)!;
      if (low <= 4.5 / 3.5 && 4.5 / 3.5 <= high) covered++;
    }
    expect(covered).to.be.within(925, 970);
  });

  it('lists seeds once, in ascending order', () => {
    expect(seedsOf([...runs({ 3: 0, 1: 0 }), ...runs({ 1: 0 })])).to.deep.equal([1, 3]);
  });
});
