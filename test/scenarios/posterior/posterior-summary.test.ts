import { expect } from 'chai';
import type { Gaussian } from '../../../protocol/bayesian/conjugate.js';
import { modelPosterior } from '../../../protocol/bayesian/gaussian-model.js';
import { cholesky, matrixVector } from '../../../protocol/numerics/linear-algebra.js';
import { rootStream } from '../../../protocol/numerics/random.js';
import { summarizePosterior } from '../../../scenarios/posterior/posterior-summary.js';
import { UNEQUAL_CURVATURE } from '../../../worker/objectives/log-posterior/gaussian-experiments.js';
import { proportionalFrequencies, stationaryLaw } from '../../support/sampler-laws.js';

const truth = modelPosterior(UNEQUAL_CURVATURE);

/** Four chains of 500 independent draws of the law, chain c moved by `shift` times c deviations. */
function drawsOf(law: Gaussian, shift = 0): readonly (readonly Float64Array[])[] {
  const root = cholesky(law.covariance);
  return [0, 1, 2, 3].map((chain) => {
    const rng = rootStream(12, 'float64').derive('chain', chain);
    return Array.from({ length: 500 }, () =>
      matrixVector(root, rng.normal(2).map((z) => z + shift * chain) as Float64Array).map((x, i) => x + law.mean[i]!),
    );
  });
}

describe('protocol/bayesian/posterior-summary', () => {
  it('draws of the posterior are mixed and near the truth: mean error below 0.1 sd, covariance below 10 % (seed 12)', () => {
    const { mixed, worst, parameters, truth: distance } = summarizePosterior(drawsOf(truth), truth);
    expect(mixed).to.equal(true);
    expect(parameters).to.have.length(2);
    expect(worst.rhat).to.equal(Math.max(parameters[0]!.rhat, parameters[1]!.rhat));
    expect(worst.tailEss).to.equal(Math.min(parameters[0]!.tailEss, parameters[1]!.tailEss));
    expect(distance!.meanError).to.be.below(0.1);
    expect(distance!.covarianceError).to.be.below(0.1);
    expect(distance!.wasserstein2).to.be.below(0.01);
  });

  it('draws of the DSGLD law at delay 100 are called mixed although their mean is 16 sd off: only the truth shows it', () => {
    const biased = stationaryLaw(UNEQUAL_CURVATURE, {
      stepSize: 2e-5,
      delay: 100,
      visitProbabilities: proportionalFrequencies(UNEQUAL_CURVATURE),
    }).anyStep;
    const { mixed, truth: distance } = summarizePosterior(drawsOf(biased), truth);
    expect(mixed).to.equal(true);
    expect(distance!.meanError).to.be.within(14, 18);
    expect(distance!.covarianceError).to.be.within(1000, 1400);
  });

  it('chains that disagree by half a deviation each are not mixed; without a truth there is no distance', () => {
    const summary = summarizePosterior(drawsOf(truth, 0.5));
    expect(summary.mixed).to.equal(false);
    expect(summary.worst.rhat).to.be.above(1.05);
    expect(summary).to.not.have.property('truth');
  });

  it('a parameter that never moves has no R-hat, and then nothing is mixed; its draws count in full', () => {
    const still = drawsOf(truth).map((chain) => chain.map((draw) => Float64Array.of(...draw, 0.1)));
    const { mixed, worst } = summarizePosterior(still);
    expect(mixed).to.equal(false);
    expect(worst.rhat).to.equal(null);
    expect(worst.bulkEss).to.be.within(100, 2500);
  });

  it('a draw that is not finite in a parameter that is not shown leaves nothing to diagnose', () => {
    const whole = drawsOf(truth).map((chain) => chain.map((draw) => Float64Array.of(...draw, 1)));
    whole[3]![499]![2] = Number.POSITIVE_INFINITY;
    const { mixed, worst } = summarizePosterior(drawsOf(truth), undefined, 1.01, whole);
    expect(mixed).to.equal(false);
    expect(worst).to.deep.equal({ rhat: Number.NaN, bulkEss: Number.NaN, tailEss: Number.NaN });
  });
});
