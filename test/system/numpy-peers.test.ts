import { expect } from 'chai';
import { type Comparison, comparisons, NUMPY } from '../peers/comparisons.js';
import { pythonWith } from './python.js';

describe('methods, graphs and codecs beside numpy code that was written from the papers’ formulas alone', () => {
  let all: readonly Comparison[] = [];

  before(async function () {
    const python = pythonWith(NUMPY);
    if (!python) return this.skip();
    all = await comparisons(python);
  });

  for (const [family, count] of [
    ['AGVM', 5],
    ['PowerSGD', 2],
    ['FetchSGD', 2],
    ['VRA', 3],
    ['mixing matrix', 32],
    ['threshold codec', 2],
    ['secure aggregation', 1],
    ['pSGLD', 2],
    ['FALD', 6],
    ['Consensus Monte Carlo', 4],
  ] as const)
    it(`${family}: ${count} comparisons agree, each within its limit`, () => {
      const ours = all.filter(({ item }) => item.startsWith(family));
      expect(ours.length).to.equal(count);
      for (const { item, difference, limit, unit = 'relative' } of ours)
        expect(difference, `${item}, ${unit}`).to.be.at.most(limit);
    });
});
