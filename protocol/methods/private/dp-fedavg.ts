import { defineMethod, type ReadonlyVector, type RoundCommon, type Segment, type Vector } from '../../method.js';
import { accumulate, clip, norm, subtract, zerosLike } from '../../numerics/vector.js';
import { clipPerLayer, equalLayerRadii } from '../../privacy/mechanisms/clipping.js';
import {
  type DistributedDiscreteGaussian,
  decodeSum,
  encodeClientVector,
  gridStepForBits,
  rotatedLength,
} from '../../privacy/mechanisms/distributed-discrete-gaussian.js';
import { hostPrivacy } from '../../privacy/mechanisms/host-privacy.js';
import { SeededNoise } from '../../privacy/mechanisms/noise-source.js';
import { joinSecureSum, SECURE_SUM_KINDS, secureSum } from '../../privacy/secure-sum/secure-exchange.js';
import { atLeastZero, count, flag, fraction, number, oneOf, positive } from '../../settings/kinds.js';
import { defineSettings, type SettingsOf } from '../../settings/settings.js';
import { descend, localBatches } from '../federated/fedavg.js';
import {
  adaptiveClipping,
  CLIPPING_BIT_SENSITIVITY,
  clippingBit,
  nextRadius,
  splitNoise,
} from './parts/adaptive-clipping.js';
import { finiteRadius } from './parts/noise-conflicts.js';

interface Server {
  readonly params: Vector;
  /** S: of this round. */
  readonly radius: number;
}

const settings = defineSettings({
  localEpochs: count(1, 'Passes of a client over its shard in a round'),
  batchSize: count(16, 'Examples of a local step'),
  clientLearningRate: positive(0.1, 'Size of a local step'),
  serverLearningRate: positive(1, 'Factor of the mean update'),
  clippingRadius: positive(1, "S: radius of one client's whole update; at first, where it adapts"),
  clipping: oneOf(
    ['flat', 'per-layer'],
    'flat',
    'The whole update, or each tensor to S / sqrt(layers), which have S together',
  ),
  noiseMultiplier: atLeastZero(1, 'z: noise standard deviation on the sum over S; 0: no noise, and not private'),
  adaptive: flag(false, 'S follows a quantile of the update norms, by one more bit of every client'),
  quantile: fraction(0.5, 'That quantile'),
  radiusRate: positive(0.2, 'How fast S follows'),
  bitNoise: positive(
    0.05,
    'Standard deviation of the noise on the sum of the bits, over the expected number of clients',
  ),
  aggregation: oneOf(
    ['plain', 'secure'],
    'plain',
    'The coordinator sees every update and adds the noise, or sees the sum alone, whose noise the clients have brought',
  ),
  survivingShare: number(0.6, "'secure': share of the cohort that must answer; it alone has all the noise", {
    above: 0.5,
    most: 1,
  }),
  bits: count(20, "'secure': residues are modulo 2^bits"),
})
  .and((settings) =>
    finiteRadius('clippingRadius', settings, settings.noiseMultiplier > 0 || settings.aggregation === 'secure'),
  )
  .and(({ adaptive, aggregation, clipping }) =>
    adaptive && (aggregation === 'secure' || clipping === 'per-layer')
      ? {
          at: 'adaptive',
          expected: 'false, since the bits of adaptive clipping go with plain aggregation and flat clipping only',
        }
      : null,
  );
type Hyperparameters = SettingsOf<typeof settings>;

/** One client's whole data set is the unit: it is there or it is not. */
const RELEASE = { label: 'update', unit: 'client', adjacency: 'add-remove' } as const;
const NORM_TOLERANCE = 1e-4;

function clipped(
  delta: ReadonlyVector,
  radius: number,
  segments: readonly Segment[],
  { clipping }: Hyperparameters,
): Vector {
  if (clipping === 'flat') return clip(delta, radius);
  return clipPerLayer(delta, segments, equalLayerRadii(radius, segments.length));
}

function thresholdOf({ survivingShare }: Hyperparameters, cohortSize: number): number {
  return Math.max(1, Math.ceil(survivingShare * cohortSize - 1e-9));
}

/** The mechanism of a round whose noise is complete once `threshold` clients have answered. */
function mechanismOf(
  { noiseMultiplier, bits }: Hyperparameters,
  radius: number,
  length: number,
  cohortSize: number,
  threshold: number,
): DistributedDiscreteGaussian {
  // If all answer there is more noise than that of the threshold, and the sum must still not wrap around.
  const noiseStddev = noiseMultiplier * radius;
  const whole = noiseStddev * Math.sqrt(cohortSize / threshold);
  const settings = { clippingRadius: radius, noiseStddev: whole, clientCount: cohortSize, bits };
  return {
    ...settings,
    noiseStddev,
    clientCount: threshold,
    gridStep: gridStepForBits(settings, rotatedLength(length)),
  };
}

type At = Pick<RoundCommon<Hyperparameters>, 'hyperparameters' | 'inclusion' | 'clientCount' | 'privacy'>;

/** qW: the expected number of clients, from the scenario alone, independent of actual attendance. */
const expectedCountOf = (at: At) => at.inclusion * at.clientCount;

function moved(params: ReadonlyVector, sum: ReadonlyVector, at: At): Vector {
  const next = zerosLike(params);
  const rate = at.hyperparameters.serverLearningRate / expectedCountOf(at);
  for (let i = 0; i < next.length; i++) next[i] = params[i]! + rate * sum[i]!;
  return next;
}

/** The coordinator's release of the sum, and of the sum of the bits where the radius adapts: one release of noise z. */
function released(params: ReadonlyVector, radius: number, sum: Float64Array, bits: Float64Array, at: At): Server {
  const { noiseMultiplier, adaptive, quantile, radiusRate, bitNoise } = at.hyperparameters;
  const expectedCount = expectedCountOf(at);
  const over = { quantile, rate: radiusRate, bitStddev: bitNoise * expectedCount };
  const clipping = adaptiveClipping(expectedCount, over);
  const next = (noisedBits: number) => (adaptive ? nextRadius(radius, noisedBits, clipping) : radius);
  if (noiseMultiplier === 0) return { params: moved(params, sum, at), radius: next(bits[0]!) };
  const z = adaptive ? splitNoise(noiseMultiplier, clipping) : { value: noiseMultiplier, bit: 0 };
  const update = { value: sum, l2Sensitivity: radius, noiseMultiplier: z.value };
  const bit = { value: bits, l2Sensitivity: CLIPPING_BIT_SENSITIVITY, noiseMultiplier: z.bit };
  const [noised, noisedBits] = at.privacy.gaussian(adaptive ? [update, bit] : [update], RELEASE);
  return { params: moved(params, noised!, at), radius: next(noisedBits?.[0] ?? 0) };
}

export default defineMethod({
  name: 'dp-fedavg',
  paper: {
    title: 'Learning Differentially Private Recurrent Language Models',
    url: 'https://arxiv.org/abs/1710.06963',
    algorithm: 'DP-FedAvg with a fixed denominator; adaptive clipping; secure aggregation of discrete Gaussian shares',
    reconstruction:
      'From memory of the papers, checked by their stated invariants. Secure aggregation is its honest-but-curious form, ' +
      'without the consistency check against a malicious coordinator.',
  },
  settings,
  measures: ['clippingRadius', 'aborted', 'survivors', 'recovered'],
  messages: {
    model: { from: 'coordinator', to: 'cohort', vectors: ['params'], scalars: ['radius'], lossy: 'any' },
    /** Noise is added after this: no codec may act in between. */
    update: { from: 'clients', to: 'coordinator', vectors: ['delta'], scalars: ['within'] },
    ...SECURE_SUM_KINDS,
  },
  client: {
    init: () => null,
    async round(state, at) {
      const { hyperparameters } = at;
      const { localEpochs, batchSize, clientLearningRate, aggregation, noiseMultiplier } = hyperparameters;
      const [model] = await at.take('model');
      if (!model) return state;
      const { radius } = model;
      const batches = localBatches(at.rng, at.objective.exampleCount, localEpochs, batchSize);
      const local = await descend(at.objective, model.params, batches, clientLearningRate, 0);
      const delta = subtract(local, model.params);
      const value = clipped(delta, radius, at.segments, hyperparameters);
      if (aggregation === 'plain') {
        at.post('update', 'coordinator', { delta: value, within: clippingBit(norm(delta), radius) });
        return state;
      }
      const { bits } = hyperparameters;
      const threshold = thresholdOf(hyperparameters, at.cohort.length);
      const mechanism = mechanismOf(hyperparameters, radius, value.length, at.cohort.length, threshold);
      await joinSecureSum(at, { bits, threshold }, () =>
        noiseMultiplier === 0
          ? encodeClientVector(value, mechanism, at.shared, new SeededNoise(at.rng.derive('rounding')))
          : hostPrivacy(at.privacy).distributedDiscrete(value, mechanism, at.shared, RELEASE),
      );
      return state;
    },
  },
  coordinator: {
    init: ({ initialParams, hyperparameters }): Server => ({
      params: initialParams,
      radius: hyperparameters.clippingRadius,
    }),
    async round({ params, radius }, at): Promise<Server> {
      const { hyperparameters } = at;
      at.post('model', at.cohort, { params, radius });
      at.measure('clippingRadius', radius);
      if (hyperparameters.aggregation === 'plain') {
        const sum = new Float64Array(params.length);
        const bits = new Float64Array(1);
        for await (const { delta, within } of at.stream('update')) {
          if (!(norm(delta) <= radius * (1 + NORM_TOLERANCE)) || Math.abs(within) !== 0.5) continue;
          accumulate(sum, 1, delta);
          bits[0] = bits[0]! + within;
        }
        return released(params, radius, sum, bits, at);
      }
      const { bits } = hyperparameters;
      const threshold = thresholdOf(hyperparameters, at.cohort.length);
      const residues = await secureSum(at, { bits, threshold });
      if (!residues) return { params, radius };
      const mechanism = mechanismOf(hyperparameters, radius, params.length, at.cohort.length, threshold);
      return { params: moved(params, decodeSum(residues, params.length, mechanism, at.shared), at), radius };
    },
    estimates: ({ params }) => [params],
  },
});
