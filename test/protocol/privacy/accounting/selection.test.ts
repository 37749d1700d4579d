import { expect } from 'chai';
import { rootStream } from '../../../../protocol/numerics/random.js';
import { account } from '../../../../protocol/privacy/accounting/account.js';
import { smallestNoise } from '../../../../protocol/privacy/accounting/calibration.js';
import { resolveOrders } from '../../../../protocol/privacy/accounting/orders.js';
import { selectedRdp } from '../../../../protocol/privacy/accounting/selection.js';
import { cutProbability, overflowProbability } from '../../../../protocol/privacy/accounting/truncated-poisson.js';

const question = { delta: 1e-5, sampling: 0.01, noiseMultiplier: 2, steps: 1000 };

describe('protocol/privacy/accounting: selection and caps', () => {
  it('a fixed number of runs costs what all their steps cost', () => {
    const one = account({ ...question, steps: 5000 }).epsilon;
    expect(account({ ...question, selection: { law: 'fixed', runs: 5 } }).epsilon).to.equal(one);
  });

  it('geometric, mean m, of pure Gaussian runs: rdp + 2 min over b ((1 - 1/b) rdp(b) + ln m / b) + ln m / (a - 1)', () => {
    const orders = resolveOrders();
    const rdp = orders.map((order) => order / 50);
    const price = Math.min(...orders.map((b, i) => 2 * ((1 - 1 / b) * rdp[i]! + Math.log(10) / b)));
    const selected = selectedRdp(orders, rdp, { law: 'geometric', runs: 10 });
    orders.forEach((order, i) => {
      expect(selected[i]).to.be.closeTo(rdp[i]! + price + Math.log(10) / (order - 1), 1e-12);
    });
  });

  it('the logarithmic law costs less than the geometric, and 20 runs on average cost less than 20 fixed ones', () => {
    const priced = (law: 'fixed' | 'geometric' | 'logarithmic' | 'poisson') =>
      account({ ...question, selection: { law, runs: 20 } }).epsilon;
    const alone = account({ ...question, method: 'rdp' }).epsilon;
    expect(priced('logarithmic')).to.be.within(alone, priced('geometric'));
    for (const law of ['geometric', 'logarithmic', 'poisson'] as const)
      expect(priced(law)).to.be.within(alone, priced('fixed'));
  });

  it('the best of a random number of runs is refused where only the loss distribution applies', () => {
    const selection = { law: 'geometric', runs: 20 } as const;
    for (const wrong of [
      { method: 'loss-distribution' as const },
      { adjacency: 'replace-one' as const },
      { scheme: 'without-replacement' as const },
      { cap: 700, recordCount: 50_000 },
    ])
      expect(() => account({ ...question, ...wrong, selection }), JSON.stringify(wrong)).to.throw('ERR_PRIVACY');
    for (const runs of [0.5, Number.NaN, Number.POSITIVE_INFINITY])
      expect(() => account({ ...question, selection: { law: 'poisson', runs } })).to.throw('ERR_PRIVACY: runs');
    expect(() => account({ ...question, selection: { law: 'fixed', runs: 1.5 } })).to.throw('ERR_PRIVACY: runs');
  });

  it('the probability of more than c heads in n coins equals the sum of its terms to 1e-8, and is rounded up', () => {
    const [n, q] = [60, 0.1];
    const binomial = Array.from({ length: n + 1 }, () => 0);
    binomial[0] = 1;
    for (let i = 0; i < n; i++)
      for (let k = n; k >= 0; k--) binomial[k] = binomial[k]! * (1 - q) + (binomial[k - 1] ?? 0) * q;
    for (const cap of [8, 12, 30, 59]) {
      const exact = binomial.slice(cap + 1).reduce((a, b) => a + b, 0);
      expect(overflowProbability(n, q, cap) / exact - 1, `${cap}`).to.be.within(0, 1e-8);
    }
    expect(overflowProbability(n, q, 60)).to.equal(0);
    expect(overflowProbability(n, q, 3)).to.equal(1);
  });

  it('a cap costs steps (1 + e^epsilon) P[overflow] of delta: nothing seen at 700 of 500 expected, all of it at 550', () => {
    const capped = (cap: number) => account({ ...question, recordCount: 50_000, cap });
    const free = account({ ...question }).epsilon;
    expect(capped(700).epsilon).to.be.within(free, free * 1.0001);
    expect(capped(700).method).to.equal('loss-distribution');
    expect(1000 * overflowProbability(50_001, 0.01, 610)).to.equal(cutProbability(50_000, 0.01, 610, 1000));
    expect(capped(610).epsilon).to.be.above(free * 1.001);
    expect(capped(550).epsilon).to.equal(Number.POSITIVE_INFINITY);
    expect(() => account({ ...question, cap: 700 })).to.throw(/ERR_USAGE.*--records/);
  });

  it('calibration by the loss distribution meets its target and needs less noise than Renyi orders: 1.346 for 1.416', () => {
    const target = { delta: 1e-5, sampling: 0.04, steps: 2250, targetEpsilon: 8 };
    const { noiseMultiplier, epsilon } = account(target);
    expect(noiseMultiplier).to.be.closeTo(1.346, 1e-3);
    expect(epsilon).to.be.within(7.99, 8);
    const again = account({ delta: 1e-5, sampling: 0.04, steps: 2250, noiseMultiplier: noiseMultiplier! });
    expect(again.epsilon).to.equal(epsilon);
    expect(account({ ...target, method: 'auto' }).noiseMultiplier).to.be.closeTo(1.4158, 1e-3);
  });

  it('the least noise of a law 1 / z is found from 1e-11 to 1e11; beyond 2^40 it is refused, below 2^-40 any will do', () => {
    for (const target of [1e-11, 1e-5, 0.3, 1e3, 1e11]) {
      const { noiseMultiplier } = smallestNoise((z) => 1 / z, target);
      expect(noiseMultiplier * target).to.be.within(1, 1 + 2e-6);
    }
    expect(() => smallestNoise((z) => 1 / z, 1e-13)).to.throw(/ERR_PRIVACY.*2\^40/);
    expect(smallestNoise(() => 0, 1)).to.deep.equal({ noiseMultiplier: 2 ** -41 });
  });

  it('without replacement: add-remove at z costs what replace-one at z / 2 costs at least in its worse direction', () => {
    const scheme = 'without-replacement' as const;
    const addRemove = account({ ...question, scheme }).epsilon;
    const replaced = account({ ...question, noiseMultiplier: 1, scheme, adjacency: 'replace-one' }).epsilon;
    expect(addRemove).to.be.at.most(replaced * 1.002);
    expect(addRemove).to.be.above(account(question).epsilon);
  });

  // dp-accounting 0.6, pld.from_gaussian_mechanism(z / 2, sampling_prob=q), interval 1e-4: pessimistic and optimistic.
  for (const [q, z, steps, lower, upper] of [
    [0.01, 1.1, 1000, 9.762375, 9.812532],
    [0.01, 2, 1000, 1.77824, 1.828244],
    [0.02, 3, 500, 1.344637, 1.36964],
  ] as const)
    it(`without replacement, add-remove: q ${q}, z ${z}, ${steps} steps are between the bounds ${lower} and ${upper} of dp-accounting`, () => {
      const asked = { delta: 1e-5, sampling: q, noiseMultiplier: z, steps };
      const { epsilon } = account({ ...asked, scheme: 'without-replacement' });
      expect(epsilon).to.be.within(lower, upper * 1.0002);
    });

  it('without replacement, add-remove: no data of 4 and 5 records pass its delta in batches of 2, and opposite records reach it', () => {
    const [m, z, epsilon] = [2, 0.9, 0.7];
    const q = m / 5;
    // Least delta of the account at this epsilon, by bisection.
    let [low, high] = [1e-6, 0.5];
    while (high / low > 1 + 1e-6) {
      const delta = Math.sqrt(low * high);
      const at = account({ delta, sampling: q, noiseMultiplier: z, steps: 1, scheme: 'without-replacement' }).epsilon;
      if (at > epsilon) low = delta;
      else high = delta;
    }
    const sumsOf = (records: readonly number[]) => records.flatMap((a, i) => records.slice(i + 1).map((b) => a + b));
    const density = (sums: readonly number[], x: number) =>
      sums.reduce((total, sum) => total + Math.exp(-((x - sum) ** 2) / (2 * z * z)), 0) /
      sums.length /
      (z * 2.5066282746310002);
    const step = 0.005;
    /** Of both directions: integral of (p - e^epsilon p')+. */
    const deltaOf = (records: readonly number[], added: number) => {
      const [without, within] = [sumsOf(records), sumsOf([...records, added])];
      let [add, remove] = [0, 0];
      for (let x = -12; x < 12; x += step) {
        const [p, w] = [density(without, x), density(within, x)];
        add += Math.max(0, w - Math.exp(epsilon) * p) * step;
        remove += Math.max(0, p - Math.exp(epsilon) * w) * step;
      }
      return Math.max(add, remove);
    };
    const stream = rootStream(14, 'float64').derive('records');
    const record = () => 2 * stream.uniform() - 1;
    for (let i = 0; i < 40; i++) expect(deltaOf([record(), record(), record(), record()], record())).to.be.below(high);
    expect(deltaOf([-1, -1, -1, -1], 1)).to.be.within(high * 0.995, high * 1.0001);
  });
});
