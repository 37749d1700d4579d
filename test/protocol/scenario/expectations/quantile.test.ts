import { expect } from 'chai';
import { quantile } from '../../../../protocol/scenario/expectations/quantile.js';
import { found, run } from '../../../support/run-records.js';

describe('the expectation quantile', () => {
  const runs = [5, 1, 4, 2, 3, 9, 7, 8, 6, 10].map((loss) => run([loss], {}));

  it('of ten losses 1 to 10, the 0.9 quantile is 9 and the median 5, in any order of runs', () => {
    expect(found(runs, quantile({ of: 'finalLoss', share: 0.9, most: 9 }))).to.include({ holds: true, observed: 9 });
    expect(found(runs, quantile({ of: 'finalLoss', share: 0.9, most: 8.9 })).holds).to.equal(false);
    expect(found(runs, quantile({ of: 'finalLoss', share: 0.5, least: 5 }))).to.include({ holds: true, observed: 5 });
    expect(found(runs, quantile({ of: 'finalLoss', share: 1, most: 10 }))).to.include({ holds: true, observed: 10 });
  });

  it('NaN has no place among values: it does not hold, whatever the other runs are', () => {
    for (const bound of [{ least: 0 }, { most: 100 }])
      expect(found([run([Number.NaN]), ...runs], quantile({ of: 'finalLoss', share: 0.5, ...bound }))).to.include({
        holds: false,
        observed: 'NaN',
        detail: 'finalLoss is NaN in 1 of 11 runs',
      });
  });

  it('a figure that a run lacks is unknown', () => {
    expect(found(runs, quantile({ of: 'finalNothing', share: 0.9, most: 1 })).holds).to.equal('unknown');
  });
});
