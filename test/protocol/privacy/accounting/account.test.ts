import { expect } from 'chai';
import { parseLedgerEntries } from '../../../../coordinator/run-directory/ledger-entries.js';
import { account } from '../../../../protocol/privacy/accounting/account.js';

describe('protocol/privacy/account', () => {
  const delta = 1e-5;

  it('DP-SGD: q 0.01, z 1.1, 1,000 steps cost 1.7117700912 at order 9.6 by Renyi orders', () => {
    const answer = account({ delta, sampling: 0.01, noiseMultiplier: 1.1, steps: 1000, method: 'auto' });
    expect(answer.epsilon).to.be.closeTo(1.7117700912181728, 1e-12);
    expect(answer).to.deep.include({ order: 9.6, method: 'rdp', warnings: [] });
  });

  it('q = 1 is composed exactly unless Renyi orders are asked for: 1.99309 against 2.16572', () => {
    const question = { delta, sampling: 1, noiseMultiplier: 20, steps: 100 };
    expect(account(question).epsilon).to.be.closeTo(1.9930914044151196, 1e-12);
    expect(account(question)).to.deep.include({ order: null, method: 'exact-gaussian' });
    expect(account({ ...question, method: 'rdp' }).epsilon).to.be.closeTo(2.1657156590294435, 1e-12);
    expect(account({ ...question, adjacency: 'replace-one' }).epsilon).to.equal(account(question).epsilon);
  });

  it('a target gives the noise, and that noise meets the target', () => {
    const answer = account({ delta, sampling: 0.04, steps: 2250, targetEpsilon: 8, orders: 'opacus', method: 'rdp' });
    expect(answer.noiseMultiplier).to.be.closeTo(1.41578714309074, 1e-11);
    const { noiseMultiplier } = answer;
    const back = account({
      delta,
      sampling: 0.04,
      steps: 2250,
      noiseMultiplier: noiseMultiplier!,
      orders: 'opacus',
      method: 'rdp',
    });
    expect(back.epsilon).to.equal(answer.epsilon);
    expect(back.epsilon).to.be.at.most(8);
    expect(back.epsilon).to.be.closeTo(8, 1e-10);
  });

  it('a ledger is a mixture: 0.69835098104 at order 24', () => {
    const ledger = parseLedgerEntries([
      { q: 0.01, noiseMultiplier: 4, steps: 1000 },
      { q: 1, noiseMultiplier: 20, steps: 10 },
    ]);
    const renyi = account({ delta, ledger, method: 'rdp' });
    expect(renyi.epsilon).to.be.closeTo(0.6983509810412837, 1e-12);
    expect(renyi.order).to.equal(24);
    const tightest = account({ delta, ledger });
    expect(tightest.method).to.equal('loss-distribution');
    expect(tightest.epsilon).to.be.within(0.6, 0.68);
    expect(tightest.proven!.bounds.map(({ method }) => method)).to.deep.equal(['loss-distribution', 'rdp']);
    expect(tightest.proven!.bounds[1]!.epsilon).to.equal(renyi.epsilon);
    const discrete = parseLedgerEntries([{ q: 0.01, z: 2, steps: 10, mechanism: 'discrete-gaussian' }]);
    expect(account({ delta, ledger: discrete }).method).to.equal('rdp');
    expect(() => account({ delta, ledger: discrete, method: 'loss-distribution' })).to.throw(/ERR_PRIVACY.*discrete/);
  });

  it('warns when delta is not below 1 / records', () => {
    const question = { delta, sampling: 1, noiseMultiplier: 20, steps: 1 };
    expect(account({ ...question, recordCount: 100_000 }).warnings.join()).to.match(/not below 1 \/ 100000/);
    expect(account({ ...question, recordCount: 99_999 }).warnings).to.deep.equal([]);
  });

  it('says when orders or a conversion were asked for and not used', () => {
    const question = { delta, sampling: 1, noiseMultiplier: 20, steps: 100, orders: 'opacus' as const };
    expect(account(question).warnings.join()).to.match(/not used/);
    expect(account({ ...question, method: 'rdp' }).warnings).to.deep.equal([]);
  });

  it('refuses incomplete and double questions as usage', () => {
    expect(() => account({ delta, noiseMultiplier: 1, steps: 1 })).to.throw(
      'ERR_USAGE: account: the sampling probability q',
    );
    expect(() => account({ delta, sampling: 0.1, steps: 1 })).to.throw('ERR_USAGE: account: the noise multiplier');
    expect(() => account({ delta, sampling: 0.1, noiseMultiplier: 1 })).to.throw(
      'ERR_USAGE: account: the number of steps',
    );
    expect(() => account({ delta, sampling: 0.1, noiseMultiplier: 1, steps: 1, targetEpsilon: 1 })).to.throw(
      'ERR_USAGE',
    );
    expect(() => account({ delta, ledger: [], sampling: 1 })).to.throw(
      'ERR_USAGE: account: a ledger holds its own sampling',
    );
  });

  it('refuses what no theorem covers, and values out of range, as privacy', () => {
    const question = { delta, sampling: 0.1, noiseMultiplier: 1, steps: 10 };
    expect(() => account({ ...question, adjacency: 'replace-one', method: 'rdp' })).to.throw(/ERR_PRIVACY.*add-remove/);
    expect(() => account({ ...question, method: 'exact-gaussian' })).to.throw(/ERR_PRIVACY.*unsampled/);
    for (const wrong of [
      { delta: 0 },
      { delta: 1 },
      { sampling: 1.1 },
      { sampling: -0.1 },
      { noiseMultiplier: -1 },
      { steps: 1.5 },
    ])
      expect(() => account({ ...question, ...wrong }), JSON.stringify(wrong)).to.throw('ERR_PRIVACY');
    for (const targetEpsilon of [0, -1, Number.NaN, Number.POSITIVE_INFINITY])
      expect(() => account({ delta, sampling: 0.1, steps: 10, targetEpsilon })).to.throw('ERR_PRIVACY: target epsilon');
    const mixed = parseLedgerEntries([{ noiseMultiplier: 1 }, { noiseMultiplier: 1, unit: 'client' }]);
    expect(() => account({ delta, ledger: mixed })).to.throw(/ERR_PRIVACY.*one unit/);
    const discrete = parseLedgerEntries([{ noiseMultiplier: 1, mechanism: 'discrete-gaussian' }]);
    expect(() => account({ delta, ledger: discrete, method: 'exact-gaussian' })).to.throw('ERR_PRIVACY');
  });

  it('no step, no record in a batch, or noise without end costs nothing, and no accountant is asked', () => {
    const question = { delta, sampling: 0.1, noiseMultiplier: 1, steps: 10 };
    for (const free of [{ steps: 0 }, { sampling: 0 }, { noiseMultiplier: Number.POSITIVE_INFINITY }])
      expect(account({ ...question, ...free }), JSON.stringify(free)).to.deep.include({
        epsilon: 0,
        order: null,
        method: 'none',
        warnings: [],
      });
  });
});
