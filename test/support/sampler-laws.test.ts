import { expect } from 'chai';
import type { Gaussian } from '../../protocol/bayesian/conjugate.js';
import {
  momentsOfDraws,
  relativeCovarianceError,
  squaredMahalanobis,
  wasserstein2,
} from '../../protocol/bayesian/distances.js';
import { modelPosterior, shardFactor } from '../../protocol/bayesian/gaussian-model.js';
import { rootStream } from '../../protocol/numerics/random.js';
import {
  drawGaussianMeanSetting,
  drawObservations,
  ONE_DIMENSIONAL,
  UNEQUAL_CURVATURE,
} from '../../worker/objectives/log-posterior/gaussian-experiments.js';
import {
  averagingLaw,
  proportionalFrequencies,
  stationaryLaw,
  stepFractions,
  type VisitingSampler,
  visitGrowth,
} from './sampler-laws.js';

const halves = { stepSize: 0.002, visitProbabilities: [0.5, 0.5] };
const oneExact = ONE_DIMENSIONAL.shards.map(shardFactor);

const frequencies = proportionalFrequencies(UNEQUAL_CURVATURE);
const truth = modelPosterior(UNEQUAL_CURVATURE);
const exact = UNEQUAL_CURVATURE.shards.map(shardFactor);
const experiment = { stepSize: 2e-5, visitProbabilities: frequencies };
const lawOf = (sampler: Partial<VisitingSampler> & { delay: number }) =>
  stationaryLaw(UNEQUAL_CURVATURE, { ...experiment, ...sampler }).anyStep;
const meanError = (law: Gaussian) => Math.sqrt(squaredMahalanobis(law.mean, truth));
const overconfident = (c: number) =>
  exact.map(({ eta, precision }) => ({ eta: eta.map((x) => c * x), precision: precision.map((x) => c * x) }));

/** Agrees to the digits that the expected number was printed with. */
function expectDigits(found: number, expected: number, digits: number): void {
  expect(Math.abs(found / expected - 1), `${found} against ${expected}`).to.be.below(0.6 * 10 ** (1 - digits));
}

describe('test/support/sampler-laws: one dimension, two shards', () => {
  it('posterior mean 1.7557251908396947, variance 0.007633587786259542', () => {
    const { mean, covariance } = modelPosterior(ONE_DIMENSIONAL);
    expect(mean[0]).to.be.closeTo(1.7557251908396947, 1e-15);
    expect(covariance[0]).to.be.closeTo(0.007633587786259542, 1e-17);
  });

  const table: readonly (readonly [number, number, number])[] = [
    [1, 1.755725191, 0.02248966846],
    [5, 1.655327157, 0.1144213644],
    [50, 1.025670764, 1.20108653],
    [500, 0.5836484992, 2.078912671],
  ];
  for (const [delay, mean, variance] of table)
    it(`delay ${delay}: DSGLD has mean ${mean}, variance ${variance}; exact surrogates keep 0.008168633265`, () => {
      const { anyStep } = stationaryLaw(ONE_DIMENSIONAL, { ...halves, delay });
      expectDigits(anyStep.mean[0]!, mean, 10);
      expectDigits(anyStep.covariance[0]!, variance, 9);
      const { anyStep: fsgld } = stationaryLaw(ONE_DIMENSIONAL, { ...halves, delay, surrogates: oneExact });
      expectDigits(fsgld.mean[0]!, 1.7557251908396947, 14);
      expectDigits(fsgld.covariance[0]!, 0.008168633265, 10);
    });

  it('the law at visit ends differs from the time average: mean 0.8276, variance 1.4664 at delay 50', () => {
    const { visitEnd } = stationaryLaw(ONE_DIMENSIONAL, { ...halves, delay: 50 });
    expectDigits(visitEnd.mean[0]!, 0.8276, 4);
    expectDigits(visitEnd.covariance[0]!, 1.4664, 5);
  });

  it('f = (1/4, 3/4): variance 0.02552332942 at delay 1; mean 1.429506273, variance 0.9379595872 at delay 50', () => {
    const quarters = { stepSize: 0.002, visitProbabilities: [0.25, 0.75] };
    expectDigits(stationaryLaw(ONE_DIMENSIONAL, { ...quarters, delay: 1 }).anyStep.covariance[0]!, 0.02552332942, 10);
    const { anyStep } = stationaryLaw(ONE_DIMENSIONAL, { ...quarters, delay: 50 });
    expectDigits(anyStep.mean[0]!, 1.429506273, 10);
    expectDigits(anyStep.covariance[0]!, 0.9379595872, 10);
  });

  it('surrogate precision 11 for 10 on shard 1: variance 0.008199683143 (1), 1.755861284 and 0.008548832446 (50)', () => {
    const surrogates = [{ eta: Float64Array.of(-11), precision: Float64Array.of(11) }, oneExact[1]!];
    const at = (delay: number) => stationaryLaw(ONE_DIMENSIONAL, { ...halves, delay, surrogates }).anyStep;
    expectDigits(at(1).covariance[0]!, 0.008199683143, 10);
    expectDigits(at(50).mean[0]!, 1.755861284, 10);
    expectDigits(at(50).covariance[0]!, 0.008548832446, 10);
  });

  it('mini-batches of 5 with replacement: variance 0.01421342188; without, (n - m)/(n - 1) less of the excess per shard', () => {
    const at = (replacement: boolean) =>
      stationaryLaw(ONE_DIMENSIONAL, { ...halves, delay: 3, surrogates: oneExact, batch: { size: 5, replacement } })
        .anyStep.covariance[0]!;
    expectDigits(at(true), 0.01421342188, 10);
    // Same map on both shards: variance = mean noise / (1 - a^2), a = 1 - (h/2) 131; excess (h/2)^2 (2 N_s)^2 lambda^2 var / 5.
    const a = 1 - 0.001 * 131;
    const excess = (5 / 9) * (1e-6 * 400 * 1 * (1 / 5)) + (25 / 29) * (1e-6 * 3600 * 16 * (0.25 / 5));
    expectDigits(at(false), (0.002 + excess / 2) / (1 - a * a), 12);
  });

  it('unequal delays: steps follow visits times delay, and f_s is the fraction of steps', () => {
    expect(stepFractions([0.5, 0.5], [3, 1])).to.deep.equal([0.75, 0.25]);
    const sampler = { ...halves, delay: [2, 6], surrogates: oneExact };
    expectDigits(stationaryLaw(ONE_DIMENSIONAL, sampler).anyStep.covariance[0]!, 0.008168633265, 10);
    const plain = { ...halves, delay: [1, 3] };
    const asVisits = stationaryLaw(ONE_DIMENSIONAL, { ...plain, assumedProbabilities: [0.5, 0.5] }).anyStep.mean[0]!;
    const asSteps = stationaryLaw(ONE_DIMENSIONAL, plain).anyStep.mean[0]!;
    expect(Math.abs(asSteps - 1.7557)).to.be.below(0.1 * Math.abs(asVisits - 1.7557));
  });
});

describe('test/support/sampler-laws: four shards of unequal curvature', () => {
  it('posterior mean (0.43257481, -0.67985174), covariance 1.301395e-3, 1.389300e-4, 2.073294e-3', () => {
    expectDigits(truth.mean[0]!, 0.43257481, 8);
    expectDigits(truth.mean[1]!, -0.67985174, 8);
    expectDigits(truth.covariance[0]!, 1.301395e-3, 7);
    expectDigits(truth.covariance[1]!, 1.3893e-4, 7);
    expectDigits(truth.covariance[3]!, 2.073294e-3, 7);
  });

  it('DSGLD: mean off by 0, 2.5, 8.9, 16 sd and covariance by 27, 777, 1212 at delays 1, (10,) 40, 100', () => {
    expect(meanError(lawOf({ delay: 1 }))).to.be.below(1e-12);
    expectDigits(meanError(lawOf({ delay: 10 })), 2.5, 2);
    expectDigits(meanError(lawOf({ delay: 40 })), 8.86, 3);
    expectDigits(meanError(lawOf({ delay: 100 })), 16, 3);
    expectDigits(relativeCovarianceError(lawOf({ delay: 1 }), truth), 27, 2);
    expectDigits(relativeCovarianceError(lawOf({ delay: 40 }), truth), 777, 3);
    expectDigits(relativeCovarianceError(lawOf({ delay: 100 }), truth), 1212, 4);
    expectDigits(wasserstein2(lawOf({ delay: 40 }), truth), 1.625, 4);
  });

  it('exact surrogates: W2 0.00009 at every delay; with batches of 20, 0.0031 and 1.481e-3, 1.56e-4, 2.261e-3', () => {
    for (const delay of [1, 40, 100]) {
      const law = lawOf({ delay, surrogates: exact });
      expectDigits(wasserstein2(law, truth), 0.00009, 1);
      expect(meanError(law)).to.be.below(1e-12);
    }
    const batched = lawOf({ delay: 40, surrogates: exact, batch: { size: 20, replacement: true } });
    expectDigits(wasserstein2(batched, truth), 0.0031, 2);
    expectDigits(batched.covariance[0]!, 1.481e-3, 4);
    expectDigits(batched.covariance[1]!, 1.56e-4, 3);
    expectDigits(batched.covariance[3]!, 2.261e-3, 4);
  });

  it('weights 0, 0.5, 0.9, 1.1, 2 of the conducive gradient: covariance off by 777, 199, 9.3, 10.5, 7340', () => {
    for (const [conduciveWeight, error, digits] of [
      [0, 777, 3],
      [0.5, 199, 3],
      [0.9, 9.3, 2],
      [1.1, 10.5, 3],
      [2, 7340, 4],
    ] as const)
      expectDigits(
        relativeCovarianceError(lawOf({ delay: 40, surrogates: exact, conduciveWeight }), truth),
        error,
        digits,
      );
  });

  it('over-confident surrogates c = 1.1, 1.5, 2: 10.5, 400, 7340; c = 3 grows by 3.2 a visit and has no law', () => {
    for (const [c, error] of [
      [1.1, 10.5],
      [1.5, 400],
      [2, 7340],
    ] as const)
      expectDigits(relativeCovarianceError(lawOf({ delay: 40, surrogates: overconfident(c) }), truth), error, 3);
    const unstable = { ...experiment, delay: 40, surrogates: overconfident(3) };
    expectDigits(visitGrowth(UNEQUAL_CURVATURE, unstable), 3.2, 2);
    expect(() => stationaryLaw(UNEQUAL_CURVATURE, unstable)).to.throw(RangeError, 'no stationary law');
  });

  it('diagonal surrogates with the marginal variances: covariance off by 312, mean by 9.4 sd at delay 40', () => {
    const diagonal = exact.map(({ precision }, s) => {
      const [a, b, , c] = precision as unknown as [number, number, number, number];
      const marginal = Float64Array.of((a * c - b * b) / c, 0, 0, (a * c - b * b) / a);
      const { mean } = UNEQUAL_CURVATURE.shards[s]!;
      return { eta: Float64Array.of(marginal[0]! * mean[0]!, marginal[3]! * mean[1]!), precision: marginal };
    });
    const law = lawOf({ delay: 40, surrogates: diagonal });
    expectDigits(relativeCovarianceError(law, truth), 312, 3);
    expectDigits(meanError(law), 9.4, 2);
  });

  it('wrong frequencies (1/4 assumed): DSGLD mean off by 9.1 and 12.6 sd at delays 1 and 40, exact surrogates by 0', () => {
    const assumedProbabilities = [0.25, 0.25, 0.25, 0.25];
    expectDigits(meanError(lawOf({ delay: 1, assumedProbabilities })), 9.1, 2);
    expectDigits(meanError(lawOf({ delay: 40, assumedProbabilities })), 12.6, 3);
    expect(meanError(lawOf({ delay: 40, assumedProbabilities, surrogates: exact }))).to.be.below(1e-12);
  });

  it('errors of variance 1e-6 ... 1e-3 at each hand-over: covariance ratio 1.005, 1.016, 1.127, 2.24 (delay 40)', () => {
    for (const [handOverVariance, ratio] of [
      [1e-6, 1.005],
      [1e-5, 1.016],
      [1e-4, 1.127],
      [1e-3, 2.24],
    ] as const) {
      const law = lawOf({ delay: 40, surrogates: exact, handOverVariance });
      expectDigits(law.covariance[0]! / truth.covariance[0]!, ratio, handOverVariance < 1e-3 ? 4 : 3);
    }
  });

  it('FA-LD at synchronisation: mean off by 0, 2.5, 9.1, 16.9 sd at 1, 10, 40, 100 local steps; covariance 0.19, 0.45', () => {
    const law = (localSteps: number) =>
      averagingLaw(UNEQUAL_CURVATURE, { stepSize: 1e-5, localSteps, weights: frequencies });
    expect(meanError(law(1))).to.be.below(1e-12);
    expectDigits(meanError(law(10)), 2.5, 2);
    expectDigits(meanError(law(40)), 9.1, 2);
    expectDigits(meanError(law(100)), 16.9, 3);
    expectDigits(relativeCovarianceError(law(40), truth), 0.19, 2);
    expectDigits(relativeCovarianceError(law(100), truth), 0.45, 2);
  });

  it('FA-LD with one local step injects variance 2 eta whatever the share of common noise', () => {
    const at = (commonNoise: number) =>
      averagingLaw(UNEQUAL_CURVATURE, { stepSize: 1e-5, localSteps: 1, weights: frequencies, commonNoise }).covariance;
    for (const [i, entry] of at(0).entries()) expect(at(0.8)[i]).to.be.closeTo(entry, 1e-15);
  });
});

describe('protocol/bayesian/experiments', () => {
  it('drawn observations have exactly the moments of their shard (1e-12)', () => {
    const shard = UNEQUAL_CURVATURE.shards[1]!;
    const observations = drawObservations(shard, rootStream(3, 'float64'));
    const draws = Array.from({ length: 100 }, (_, i) => observations.subarray(2 * i, 2 * i + 2));
    const { mean, covariance } = momentsOfDraws(draws);
    for (let i = 0; i < 2; i++) expect(mean[i]).to.be.closeTo(shard.mean[i]!, 1e-12);
    for (let i = 0; i < 4; i++) expect((covariance[i]! * 99) / 100).to.be.closeTo(shard.dataCovariance![i]!, 1e-12);
  });

  it("the published setting, any draw: exact surrogates give a variance 11.5 +- 0.5 times the posterior's with batches of 10", () => {
    const model = drawGaussianMeanSetting(rootStream(1, 'float64'));
    const sampler = { stepSize: 1e-4, delay: 40, visitProbabilities: new Array<number>(10).fill(0.1) };
    const surrogates = model.shards.map(shardFactor);
    const { covariance } = modelPosterior(model);
    const batched = stationaryLaw(model, { ...sampler, surrogates, batch: { size: 10, replacement: true } }).anyStep;
    expect(batched.covariance[0]! / covariance[0]!).to.be.closeTo(11.5, 0.5);
    const full = stationaryLaw(model, { ...sampler, surrogates }).anyStep;
    expectDigits(full.covariance[0]! / covariance[0]!, 1.053, 4);
    expect(stationaryLaw(model, sampler).anyStep.covariance[0]! / covariance[0]!).to.be.above(5000);
  });
});
