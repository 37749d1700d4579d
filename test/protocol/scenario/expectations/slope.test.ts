import { expect } from 'chai';
import { slope } from '../../../../protocol/scenario/expectations/slope.js';
import { falling, found, row, run } from '../../../support/run-records.js';

describe('slope', () => {
  const power = (exponent: number, factor: number, length = 40) =>
    run(Array.from({ length }, (_, round) => factor * (round + 1) ** exponent));

  for (const exponent of [-0.5, -1, -2, 1.5]) {
    it(`of 3 x^${exponent} against the round is ${exponent} to 12 digits`, () => {
      const { holds, observed } = found(
        power(exponent, 3),
        slope({ of: 'loss', least: exponent - 1e-12, most: exponent + 1e-12 }),
      );
      expect(holds, String(observed)).to.equal(true);
    });
  }

  it('against a figure of the runs: 3 x^-2 at the gaps 1/2, 1/4 and 1/8 is -2', () => {
    const records = [0.5, 0.25, 0.125].map((spectralGap) =>
      run([3 * spectralGap ** -2], {}, { summary: { spectralGap } }),
    );
    const { holds, observed } = found(records, slope({ of: 'finalLoss', against: 'spectralGap', most: -1.9 }));
    expect(holds).to.equal(true);
    expect(observed).to.be.closeTo(-2, 1e-12);
  });

  it('is false outside the bounds', () => {
    expect(found(power(-0.5, 3), slope({ of: 'loss', most: -0.6 })).holds).to.equal(false);
    expect(found(power(-0.5, 3), slope({ of: 'loss', least: -0.4 })).holds).to.equal(false);
  });

  it('sees the window only: rounds 1 to 10 rise as x^2, rounds 11 to 20 fall as x^-1', () => {
    const record = run(Array.from({ length: 20 }, (_, round) => (round < 10 ? (round + 1) ** 2 : 1 / (round + 1))));
    expect(found(record, slope({ of: 'loss', toRound: 10, least: 0 })).observed).to.be.closeTo(2, 1e-12);
    expect(found(record, slope({ of: 'loss', fromRound: 11, most: 0 })).observed).to.be.closeTo(-1, 1e-12);
    expect(found(record, slope({ of: 'loss', fromRound: 10, toRound: 11, most: 0 })).observed).to.be.closeTo(
      Math.log(1 / 11 / 100) / Math.log(11 / 10),
      1e-9,
    );
  });

  it('takes the known optimum off first: 7 + x^-1 less 7 has slope -1', () => {
    const record = run(Array.from({ length: 30 }, (_, round) => 7 + 1 / (round + 1)));
    expect(found(record, slope({ of: 'loss', minus: 7, most: 0 })).observed).to.be.closeTo(-1, 1e-9);
    expect(found(record, slope({ of: 'loss', minus: 7.5, most: 0 })).holds).to.equal('unknown');
  });

  it('averages runs at each round before the logarithm: 1, 3 and 3, 1 average to 2, 2 of slope 0', () => {
    expect(found([run([1, 3]), run([3, 1])], slope({ of: 'loss', least: 0, most: 0 })).observed).to.equal(0);
  });

  it('leaves the row before the first round out', () => {
    const record = { ...falling, rows: [row(0, 99), row(1, 8), row(2, 4)] };
    expect(found(record, slope({ of: 'loss', most: 0 })).observed).to.be.closeTo(-1, 1e-12);
  });

  it('skips rounds that were not evaluated', () => {
    expect(found(run([8, null, null, 2]), slope({ of: 'loss', most: 0 })).observed).to.be.closeTo(-1, 1e-12);
  });

  it('against a swept number: variance 12 / clients has slope -1', () => {
    const records = [2, 4, 8].map((clients) => run([12 / clients], { clients }));
    expect(
      found(records, slope({ of: 'finalLoss', against: 'clients', least: -1.01, most: -0.99 })).observed,
    ).to.be.closeTo(-1, 1e-12);
  });

  it('is inconclusive on one point and on a value that has no logarithm', () => {
    expect(found(run([1]), slope({ of: 'loss', most: 0 })).holds).to.equal('unknown');
    expect(found(run([1, 0]), slope({ of: 'loss', most: 0 })).holds).to.equal('unknown');
    expect(found(run([1, Number.NaN]), slope({ of: 'loss', most: 0 })).holds).to.equal('unknown');
  });
});
