import { expect } from 'chai';
import { monotone } from '../../../../protocol/scenario/expectations/monotone.js';
import { found, run } from '../../../support/run-records.js';

describe('monotone', () => {
  const at = (alpha: number, seed: number, loss: number) => run([loss], { 'data.partition.alpha': alpha, seed });
  const claim = monotone({ of: 'finalLoss', inOrderOf: 'data.partition.alpha', direction: 'falling' });

  it('sorts numbers as numbers and averages seeds: alpha 2, 10 with means 3, 1 falls', () => {
    const records = [at(10, 1, 0), at(10, 2, 2), at(2, 1, 6), at(2, 2, 0)];
    expect(found(records, claim)).to.include({ holds: true, observed: '3, 1' });
    expect(found(records, { ...claim, direction: 'rising' }).holds).to.equal(false);
  });

  it('allows each step the tolerance and no more', () => {
    const records = [at(1, 1, 1), at(2, 1, 1.25)];
    expect(found(records, { ...claim, tolerance: 0.25 }).holds).to.equal(true);
    expect(found(records, { ...claim, tolerance: 0.2 }).holds).to.equal(false);
  });

  it('takes equal neighbours as falling and as rising', () => {
    for (const direction of ['falling', 'rising'])
      expect(found([at(1, 1, 1), at(2, 1, 1)], { ...claim, direction }).holds).to.equal(true);
  });

  it('is inconclusive on one value, on a missing figure and on means with NaN', () => {
    expect(found([at(1, 1, 1), at(1, 2, 2)], claim).holds).to.equal('unknown');
    expect(found([at(1, 1, 1), run([null], { 'data.partition.alpha': 2 })], claim).holds).to.equal('unknown');
    expect(found([at(1, 1, 1), at(2, 1, Number.NaN)], claim).holds).to.equal(false);
  });

  it('judges each value of another path apart', () => {
    const point = (alpha: number, clients: number, loss: number) =>
      run([loss], { 'data.partition.alpha': alpha, clients });
    const records = [point(1, 2, 9), point(2, 2, 8), point(1, 4, 1), point(2, 4, 2)];
    expect(found(records, claim).holds).to.equal(true);
    expect(found(records, { ...claim, groupBy: 'clients' }).holds).to.equal(false);
  });
});
