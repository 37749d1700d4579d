import { expect } from 'chai';
import {
  diff2ExactNoise,
  diff2NoiseFeedback,
  diff2PaperNoise,
  diff2PaperOrder,
} from '../../../../protocol/methods/private/parts/diff2-calibration.js';
import { composedEpsilon } from '../../../../protocol/privacy/accounting/accountant.js';
import {
  composedMu,
  gaussianEpsilon,
  gaussianLogDelta,
  gaussianMu,
  gaussianNoiseMultiplier,
} from '../../../../protocol/privacy/accounting/gaussian-composition.js';
import {
  gaussianDelta,
  gaussianRho,
  gaussianStddev,
  textbookGaussianStddev,
  zcdpEpsilon,
  zcdpEpsilonClassic,
} from '../../../support/gaussian-privacy.js';
import { relativeError, vectors } from '../vectors.js';

describe('protocol/privacy/gaussian-composition', () => {
  for (const { id, kind, epsilon, delta, sensitivity, sigma, classic_sigma } of vectors.analytic_gaussian)
    it(`${id}: ${kind} of the analytic Gaussian agrees to 1e-12`, () => {
      if (kind === 'sigma') {
        expect(relativeError(gaussianStddev(epsilon, delta, sensitivity), sigma)).to.be.below(1e-12);
        expect(relativeError(textbookGaussianStddev(epsilon, delta, sensitivity), classic_sigma!)).to.be.below(1e-12);
      } else if (kind === 'delta')
        expect(relativeError(gaussianDelta(epsilon, sensitivity / sigma), delta)).to.be.below(1e-12);
      else expect(relativeError(gaussianEpsilon(sensitivity / sigma, delta), epsilon)).to.be.below(1e-12);
    });

  for (const vector of vectors.gaussian_composition)
    it(`${vector.id}: exact, zCDP and Renyi epsilons of a composition agree to 1e-12`, () => {
      const releases = vector.groups.map(({ steps, sensitivity, sigma }) => ({
        sampling: 1,
        noiseMultiplier: sigma / sensitivity,
        count: steps,
      }));
      const { delta } = vector;
      expect(relativeError(composedMu(releases), vector.mu_gdp)).to.be.below(1e-12);
      const rho = releases.reduce((sum, { noiseMultiplier, count }) => sum + gaussianRho(noiseMultiplier, count), 0);
      expect(relativeError(rho, vector.rho_zcdp)).to.be.below(1e-12);
      const exact = composedEpsilon(releases, delta);
      expect(exact.method).to.equal('exact-gaussian');
      expect(relativeError(exact.epsilon, vector.epsilon_exact)).to.be.below(1e-12);
      const rdp = composedEpsilon(releases, delta, { orders: 'opacus', method: 'rdp' });
      expect(relativeError(rdp.epsilon, vector.epsilon_rdp_opacus_tight)).to.be.below(1e-12);
      expect(rdp.order).to.equal(vector.order);
      expect(relativeError(zcdpEpsilon(rho, delta).epsilon, vector.epsilon_rdp_best_order)).to.be.below(1e-12);
      expect(relativeError(zcdpEpsilonClassic(rho, delta), vector.epsilon_zcdp_classic)).to.be.below(1e-12);
    });

  it('delta, epsilon, mu and noise are inverse to each other to 1e-11 down to delta 1e-141', () => {
    for (const mu of [1e-4, 0.02, 0.24, 0.26, 1, 7])
      for (const delta of [1e-2, 1e-5, 1e-12, 1e-40, 1e-141]) {
        const epsilon = gaussianEpsilon(mu, delta);
        if (epsilon === 0) continue;
        expect(relativeError(gaussianLogDelta(epsilon, mu), Math.log(delta))).to.be.below(1e-11);
        expect(relativeError(gaussianMu(epsilon, delta), mu)).to.be.below(1e-11);
        expect(relativeError(gaussianNoiseMultiplier(epsilon, delta, 9), 3 / mu)).to.be.below(1e-11);
      }
  });

  it('the series for small mu meets the closed form at its seam to 1e-13, and epsilon 0 gives 2 Phi(mu/2) - 1', () => {
    for (const center of [0, 0.3, 2, 9, 30]) {
      const [below, above] = [0.25, 0.25 + 1e-13].map((mu) => gaussianLogDelta(center * mu, mu));
      expect(Math.abs(below! - above!)).to.be.below(2e-12 * Math.max(1, center * center));
    }
    // 2 Phi(5e-7) - 1 = 1e-6 / sqrt(2 pi) (1 - 2.5e-13 / 6)
    expect(relativeError(gaussianDelta(0, 1e-6), 1e-6 / Math.sqrt(2 * Math.PI))).to.be.below(1e-13);
    expect(gaussianEpsilon(0, 1e-5)).to.equal(0);
    expect(gaussianEpsilon(1e-6, 1e-5)).to.equal(0);
  });

  it('planted: the textbook formula is not private at epsilon 10, delta 1e-6', () => {
    const textbook = textbookGaussianStddev(10, 1e-6);
    expect(textbook).to.be.closeTo(0.5299, 1e-4);
    expect(gaussianDelta(10, 1 / textbook)).to.be.above(1e-6);
    expect(gaussianStddev(10, 1e-6)).to.be.closeTo(0.5411, 1e-4);
  });
});

describe('protocol/privacy/diff2-calibration', () => {
  for (const vector of vectors.diff2_calibration) {
    const { epsilon, delta, R: rounds, T: refreshPeriod, n_min, P: workerCount, u: split } = vector;
    const target = { epsilon, delta, rounds, refreshPeriod, smallestExampleCount: n_min, workerCount, split };
    it(`${vector.id}: paper and exact noise for R ${rounds}, T ${refreshPeriod}, epsilon ${epsilon} agree to 1e-12`, () => {
      const paper = diff2PaperNoise(target);
      expect(diff2PaperOrder(epsilon, delta)).to.equal(vector.alpha);
      expect([paper.refreshCount, paper.differenceCount]).to.deep.equal([vector.n_full, vector.n_diff]);
      expect(relativeError(paper.refreshSigma, vector.sigma1_paper)).to.be.below(1e-12);
      if (vector.sigma2_paper === null) expect(paper.differenceSigma).to.equal(null);
      else expect(relativeError(paper.differenceSigma!, vector.sigma2_paper)).to.be.below(1e-12);
      expect(relativeError(paper.mu, vector.mu_spent)).to.be.below(1e-12);
      expect(relativeError(gaussianEpsilon(paper.mu, delta), vector.epsilon_exact)).to.be.below(1e-12);
      expect(vector.epsilon_exact).to.be.below(epsilon);
      const exact = diff2ExactNoise(target);
      expect(relativeError(exact.refreshSigma, vector.sigma1_exact_calibration)).to.be.below(1e-12);
      if (vector.sigma2_exact_calibration !== null)
        expect(relativeError(exact.differenceSigma!, vector.sigma2_exact_calibration)).to.be.below(1e-12);
      expect(relativeError(gaussianEpsilon(exact.mu, delta), epsilon)).to.be.below(1e-12);
      const releases = [
        { sampling: 1, noiseMultiplier: paper.refreshNoiseMultiplier, count: paper.refreshCount },
        { sampling: 1, noiseMultiplier: paper.differenceNoiseMultiplier ?? 1, count: paper.differenceCount },
      ];
      const rdp = composedEpsilon(releases, delta, { orders: 'opacus', method: 'rdp' });
      expect(relativeError(rdp.epsilon, vector.epsilon_rdp_opacus_tight)).to.be.below(1e-12);
    });
  }

  it('kappa of the one-minute experiment with C2 = 10 is about 7, and grows with the square of the step', () => {
    const target = {
      epsilon: 3,
      delta: 1e-5,
      rounds: 300,
      refreshPeriod: 10,
      smallestExampleCount: 100,
      workerCount: 10,
    };
    const { differenceSigma } = diff2PaperNoise(target);
    const run = { refreshPeriod: 10, step: 1 / 16, differenceRadius: 10, parameterCount: 101 };
    const kappa = diff2NoiseFeedback({ ...run, differenceSigma: differenceSigma! });
    expect(kappa).to.be.closeTo(7.1, 0.1);
    const larger = diff2NoiseFeedback({ ...run, step: 3 / 16, differenceSigma: differenceSigma! });
    expect(larger / kappa).to.be.closeTo(9, 1e-9);
  });

  it('refuses T < 1, R < 1 and a split that leaves nothing for the differences', () => {
    const target = { epsilon: 3, delta: 1e-5, rounds: 10, refreshPeriod: 2, smallestExampleCount: 5, workerCount: 2 };
    expect(() => diff2PaperNoise({ ...target, refreshPeriod: 0 })).to.throw(
      'ERR_PRIVACY: DIFF2 calibration: refreshPeriod',
    );
    expect(() => diff2ExactNoise({ ...target, rounds: 0 })).to.throw('rounds');
    expect(() => diff2ExactNoise({ ...target, split: 1 })).to.throw('split');
  });
});
