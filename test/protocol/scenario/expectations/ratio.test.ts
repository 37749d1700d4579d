import { expect } from 'chai';
import { ratio } from '../../../../protocol/scenario/expectations/ratio.js';
import { falling, found, run } from '../../../support/run-records.js';

describe('a ratio judged by its interval', () => {
  // Residuals of the ratio 2 are -1, 0, 1 over a mean of 1: 2 +- 4.303 / sqrt 3.
  const records = [1, 2, 3].flatMap((seed) => [
    run([seed], { 'method.name': 'fedavg', seed }),
    run([1], { 'method.name': 'scaffold', seed }),
  ]);
  const judged = (bounds: { least?: number; most?: number }) =>
    found(
      records,
      ratio({
        of: 'finalLoss',
        numerator: { 'method.name': 'fedavg' },
        denominator: { 'method.name': 'scaffold' },
        interval: true,
        ...bounds,
      }),
    );

  it('holds where all of it is within the bounds, fails where none is, and is unknown where a bound cuts it', () => {
    expect(judged({ most: 4.5 }).holds).to.equal(true);
    expect(judged({ least: -0.49, most: 4.49 }).holds).to.equal(true);
    expect(judged({ least: 5 }).holds).to.equal(false);
    expect(judged({ most: -0.5 }).holds).to.equal(false);
    expect(judged({ most: 4 }).holds).to.equal('unknown');
    expect(judged({ least: 0 }).holds).to.equal('unknown');
  });

  it('says the interval and the number of seeds', () => {
    expect(judged({ most: 4 }).detail).to.equal(
      'finalLoss 2 (method=fedavg) / 1 (method=scaffold) = 2 (95 % interval -0.48414 to 4.4841, 3 seeds), expected at most 4',
    );
  });

  it('is unknown of one seed', () => {
    const one = ratio({ of: 'finalLoss', over: 'firstLoss', most: 3, interval: true });
    expect(found(falling, one).holds).to.equal('unknown');
  });
});
