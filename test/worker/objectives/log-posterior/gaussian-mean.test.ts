import { expect } from 'chai';
import { conjugatePosterior } from '../../../../protocol/bayesian/conjugate.js';
import { modelPosterior, shardFactor } from '../../../../protocol/bayesian/gaussian-model.js';
import { GradswarmError } from '../../../../protocol/errors.js';
import type { LogPosterior, Objective } from '../../../../protocol/method.js';
import { rootStream } from '../../../../protocol/numerics/random.js';
import {
  ONE_DIMENSIONAL,
  UNEQUAL_CURVATURE,
} from '../../../../worker/objectives/log-posterior/gaussian-experiments.js';
import { familyOfModel, gaussianMean, settings } from '../../../../worker/objectives/log-posterior/gaussian-mean.js';
import { problemModel } from '../../../../worker/objectives/log-posterior/gaussian-problems.js';
import { conduciveGradient, range, tinyDataset, unequalCurvatureGradient } from '../../../support/bayesian-problems.js';
import { problemDataset } from '../../../support/problem-dataset.js';
import { proportionalFrequencies } from '../../../support/sampler-laws.js';

const defaults = settings.defaults;

const frequencies = proportionalFrequencies(UNEQUAL_CURVATURE);
const exact = UNEQUAL_CURVATURE.shards.map(shardFactor);
const family = familyOfModel(UNEQUAL_CURVATURE, { precision: 'float64', clientCount: 4 });
const BOUNDS = [0, 50, 150, 350, 750];
const shards = [0, 1, 2, 3].map((s) => family.shard(range(BOUNDS[s]!, BOUNDS[s + 1]!)) as LogPosterior);
const whole = shards.map((shard) => range(0, shard.exampleCount));

/** v_s: prior gradient plus N_s / f_s times the mean log-likelihood gradient of a batch. */
function estimate(s: number, theta: Float64Array, batch: Uint32Array): Float64Array {
  const gradient = shards[s]!.gradient(theta, batch) as Float64Array;
  const prior = shards[s]!.priorGradient(theta);
  const factor = shards[s]!.exampleCount / frequencies[s]!;
  return gradient.map((value, i) => prior[i]! - factor * value);
}

describe('worker/objectives/log-posterior/gaussian-mean', () => {
  it('a shard that is a whole group has the given statistics as its surrogate, exactly; a part of one does not', () => {
    for (const [s, shard] of shards.entries()) {
      expect([...shard.surrogate('full').eta]).to.deep.equal([...exact[s]!.eta]);
      expect([...shard.surrogate('full').precision]).to.deep.equal([...exact[s]!.precision]);
    }
    const half = family.shard(range(0, 25)) as LogPosterior;
    expect(half.surrogate('full').precision[0]).to.be.closeTo(exact[0]!.precision[0]! / 2, 1e-10);
  });

  it('parts of two groups add their precisions, and all parts together are the whole (1e-9 relative)', () => {
    const parts = [range(0, 20), range(20, 400), range(400, 750)].map((part) => family.shard(part) as LogPosterior);
    for (let i = 0; i < 4; i++) {
      const sum = parts.reduce((total, part) => total + part.surrogate('full').precision[i]!, 0);
      const known = exact.reduce((total, { precision }) => total + precision[i]!, 0);
      expect(Math.abs(sum / known - 1)).to.be.below(1e-9);
    }
  });

  it('conducive gradients at (1, -1): (9153.0858, 2549.7081), ..., (12.5866, 557.9527); their f-weighted sum is 0', () => {
    const known = [
      [9153.0858, 2549.7081],
      [-3718.5097, 2376.7794],
      [-454.1899, -2941.7221],
      [12.5866, 557.9527],
    ];
    const sum = [0, 0];
    for (const [s, expected] of known.entries()) {
      const g = conduciveGradient(exact, frequencies, s, [1, -1]);
      for (const i of [0, 1]) {
        expect(g[i]).to.be.closeTo(expected[i]!, 5e-5);
        sum[i] = sum[i]! + frequencies[s]! * g[i]!;
      }
    }
    for (const i of [0, 1]) expect(sum[i]).to.be.closeTo(0, 1e-10);
  });

  it('exact surrogates, whole shards: v_s + g_s is the gradient of the log-posterior on every shard (1e-9)', () => {
    const theta = Float64Array.of(0.3, 2);
    const full = unequalCurvatureGradient([0.3, 2]);
    for (const s of [0, 1, 2, 3]) {
      const v = estimate(s, theta, whole[s]!);
      const g = conduciveGradient(exact, frequencies, s, theta);
      for (const i of [0, 1]) expect(Math.abs((v[i]! + g[i]!) / full[i]! - 1)).to.be.below(1e-9);
    }
  });

  it('wrong surrogates: v_s + g_s is unbiased over shards all the same, but differs from shard to shard', () => {
    const wrong = exact.map(({ eta, precision }, s) => ({
      eta: eta.map((x) => x * (1 + s)),
      precision: precision.map((x) => x * (2 - s / 2)),
    }));
    const theta = Float64Array.of(0.3, 2);
    const full = unequalCurvatureGradient([0.3, 2]);
    const estimates = [0, 1, 2, 3].map((s) => {
      const g = conduciveGradient(wrong, frequencies, s, theta);
      return estimate(s, theta, whole[s]!).map((value, i) => value + g[i]!);
    });
    for (const i of [0, 1]) {
      const average = estimates.reduce((sum, value, s) => sum + frequencies[s]! * value[i]!, 0);
      expect(Math.abs(average / full[i]! - 1)).to.be.below(1e-9);
      expect(Math.abs(estimates[0]![i]! / full[i]! - 1)).to.be.above(0.5);
    }
  });

  it('diagonal surrogates keep the mean and the marginal variance of the factor (1e-4)', () => {
    for (const [s, shard] of shards.entries()) {
      const { eta, precision } = shard.surrogate('diagonal');
      const [a, b, , c] = exact[s]!.precision as unknown as [number, number, number, number];
      expect(Math.abs((precision[0]! * c) / (a * c - b * b) - 1)).to.be.below(1e-4);
      const mean = eta[0]! / precision[0]!;
      expect(Math.abs(mean / UNEQUAL_CURVATURE.shards[s]!.mean[0]! - 1)).to.be.below(1e-4);
    }
  });

  it('loss is a negative log-density with its constant: at the mean of a standard normal pair ln(2 pi) + 1 on average', () => {
    // Shard 3 has unit precision: mean loss at its mean = ln(2 pi) + tr(covariance) / 2.
    const shard = shards[2]!;
    const { mean, dataCovariance } = UNEQUAL_CURVATURE.shards[2]!;
    const expected = Math.log(2 * Math.PI) + (dataCovariance![0]! + dataCovariance![3]!) / 2;
    expect(shard.loss(mean, whole[2]!)).to.be.closeTo(expected, 1e-12);
  });

  it('and with precision 4, variance 1/4: ln(2 pi)/2 - ln(4)/2 + 1/2', () => {
    const scalar = familyOfModel(ONE_DIMENSIONAL, { precision: 'float64', clientCount: 2 });
    const shard = scalar.shard(range(10, 40)) as LogPosterior;
    const expected = Math.log(2 * Math.PI) / 2 - Math.log(4) / 2 + 1 / 2;
    expect(shard.loss(Float64Array.of(2), range(0, 30))).to.be.closeTo(expected, 1e-12);
  });

  it('a batch as long as the shard that repeats an example is not taken for the whole shard', () => {
    const theta = Float64Array.of(1, 2);
    const repeated = shards[0]!.gradient(theta, new Uint32Array(50)) as Float64Array;
    const single = shards[0]!.gradient(theta, Uint32Array.of(0)) as Float64Array;
    for (const i of [0, 1]) expect(repeated[i]).to.be.closeTo(single[i]!, 1e-12);
  });

  it('a data set with groups needs one precision a group, and a built-in problem its number of examples', () => {
    const build = (settings: Partial<typeof defaults>) => () =>
      gaussianMean({
        dataset: tinyDataset(2, 0, () => 0),
        settings: { ...defaults, ...settings },
        precision: 'float64',
        clientCount: 2,
        rng: rootStream(1, 'float64'),
      });
    const code = (settings: Partial<typeof defaults>) => {
      try {
        build(settings)();
      } catch (error) {
        return (error as GradswarmError).code;
      }
      return 'none';
    };
    expect(code({})).to.equal('none');
    expect(
      code({
        dataPrecisions: [
          [1, 0, 0, 1],
          [2, 0, 0, 2],
        ],
      }),
    ).to.equal('ERR_OBJECTIVE');
    expect(code({ dataPrecisions: [[1, 0, 0]] })).to.equal('ERR_OBJECTIVE');
    expect(code({ problem: 'unequal-curvature', priorVariance: 100 })).to.equal('ERR_OBJECTIVE');
    expect(code({ problem: 'unequal-curvature' })).to.equal('ERR_OBJECTIVE');
    expect(code({ priorVariance: 0 })).to.equal('ERR_OBJECTIVE');
  });
});

describe('worker/objectives/log-posterior/gaussian-problems', () => {
  for (const problem of ['unequal-curvature', 'one-dimensional', 'published-setting'] as const)
    it(`${problem}: its data set split by group gives clients whose exact surrogates make up the posterior`, () => {
      const dataset = problemDataset(problem);
      const model = problemModel(problem);
      const priorVariance = problem === 'unequal-curvature' ? 100 : 1;
      const clientCount = dataset.groupNames!.length;
      const settings = { ...defaults, problem, priorVariance };
      const rng = rootStream(9, 'float64');
      const family = gaussianMean({ dataset, settings, precision: 'float64', clientCount, rng });
      const factors = Array.from({ length: clientCount }, (_, group) => {
        const examples = range(0, dataset.train.count).filter((i) => dataset.groups![i] === group);
        const { eta, precision } = (family.shard(examples) as LogPosterior).surrogate('full');
        return { eta: Float64Array.from(eta), precision: Float64Array.from(precision) };
      });
      expect(conjugatePosterior(model.prior, factors)).to.deep.equal(modelPosterior(model));
    });

  it('without a data set client s owns shard s, and their number must be that of the shards', () => {
    const settings = { ...defaults, problem: 'one-dimensional' as const };
    const build = (clientCount: number, problem: typeof defaults.problem = settings.problem) =>
      gaussianMean({
        dataset: null,
        settings: { ...settings, problem },
        precision: 'float64',
        clientCount,
        rng: rootStream(9, 'float64'),
      });
    const owned = build(2) as { shard(examples: Uint32Array, client: number): Objective };
    expect([0, 1].map((client) => owned.shard(new Uint32Array(0), client).exampleCount)).to.deep.equal([10, 30]);
    expect(() => build(3)).to.throw(GradswarmError, '2 shards, one a client, got 3 clients');
    expect(() => build(2, 'none')).to.throw(GradswarmError, 'expected a data set');
    expect(() => build(2, 'two-dimensional' as never)).to.throw(GradswarmError, 'one of unequal-curvature');
  });
});
