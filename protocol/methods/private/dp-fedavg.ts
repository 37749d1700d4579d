import { defineMethod, type RoundCommon, type Vector } from '../../method.js';
import { accumulate, norm } from '../../numerics/vector.js';
import { flag, fraction, positive } from '../../settings/kinds.js';
import type { SettingsOf } from '../../settings/settings.js';
import {
  adaptiveClipping,
  CLIPPING_BIT_SENSITIVITY,
  clippingBit,
  nextRadius,
  splitNoise,
} from './parts/adaptive-clipping.js';
import {
  CLIENT_RELEASE,
  clippedUpdate,
  expectedCount,
  localUpdate,
  movedBy,
  updateSettings,
} from './parts/client-updates.js';
import { finiteRadius } from './parts/noise-conflicts.js';

interface Server {
  readonly params: Vector;
  /** S: of this round. */
  readonly radius: number;
}

const settings = updateSettings
  .with({
    adaptive: flag(false, 'S follows a quantile of the update norms, by one more bit of every client'),
    quantile: fraction(0.5, 'Share of the clients whose updates S does not clip'),
    radiusRate: positive(0.2, 'How fast S follows'),
    bitNoise: positive(
      0.05,
      'Standard deviation of the noise on the sum of the bits, over the expected number of clients',
    ),
  })
  .and((settings) => finiteRadius('clippingRadius', settings, settings.noiseMultiplier > 0))
  .and(({ adaptive, clipping }) =>
    adaptive && clipping === 'per-layer'
      ? { at: 'adaptive', expected: "false with clipping 'per-layer', since the bits are about the whole update" }
      : null,
  );
type Settings = SettingsOf<typeof settings>;

const NORM_TOLERANCE = 1e-4;

type At = Pick<RoundCommon<Settings>, 'inclusion' | 'clientCount' | 'privacy'>;

/** The coordinator's release of the sum, and of the sum of the bits where the radius adapts: one release of noise z. */
function released(server: Server, sum: Float64Array, bits: Float64Array, at: At, settings: Settings): Server {
  const { params, radius } = server;
  const { noiseMultiplier, adaptive, quantile, radiusRate, bitNoise, serverLearningRate } = settings;
  const count = expectedCount(at);
  const clipping = adaptiveClipping(count, { quantile, rate: radiusRate, bitStddev: bitNoise * count });
  const next = (noisedBits: number) => (adaptive ? nextRadius(radius, noisedBits, clipping) : radius);
  if (noiseMultiplier === 0) return { params: movedBy(sum, params, serverLearningRate, count), radius: next(bits[0]!) };
  const z = adaptive ? splitNoise(noiseMultiplier, clipping) : { value: noiseMultiplier, bit: 0 };
  const update = { value: sum, l2Sensitivity: radius, noiseMultiplier: z.value };
  const bit = { value: bits, l2Sensitivity: CLIPPING_BIT_SENSITIVITY, noiseMultiplier: z.bit };
  const [noised, noisedBits] = at.privacy.gaussian(adaptive ? [update, bit] : [update], CLIENT_RELEASE);
  return { params: movedBy(noised!, params, serverLearningRate, count), radius: next(noisedBits?.[0] ?? 0) };
}

export default defineMethod({
  name: 'dp-fedavg',
  paper: {
    title: 'Learning Differentially Private Recurrent Language Models',
    url: 'https://arxiv.org/abs/1710.06963',
    algorithm: 'DP-FedAvg with a fixed denominator; adaptive clipping',
    reconstruction: 'Reconstructed, not checked against the papers; tested by their stated invariants.',
  },
  settings,
  isPrivate: true,
  /** The coordinator alone. */
  clientReleases: () => [],
  measures: ['clippingRadius'],
  messages: {
    model: { from: 'coordinator', to: 'cohort', vectors: ['params'], scalars: ['radius'], lossy: 'any' },
    /** Noise is added after this: no codec may act in between. */
    update: { from: 'clients', to: 'coordinator', vectors: ['delta'], scalars: ['within'] },
  },
  client: ({ hyperparameters, segments }) => ({
    init: () => null,
    async round(state, at) {
      const [model] = await at.take('model');
      if (!model) return state;
      const delta = await localUpdate(model.params, at, hyperparameters);
      at.post('update', 'coordinator', {
        delta: clippedUpdate(delta, model.radius, segments, hyperparameters),
        within: clippingBit(norm(delta), model.radius),
      });
      return state;
    },
  }),
  coordinator: ({ hyperparameters }) => ({
    init: ({ initialParams }): Server => ({ params: initialParams, radius: hyperparameters.clippingRadius }),
    async round(state, at): Promise<Server> {
      const { params, radius } = state;
      at.post('model', at.cohort, { params, radius });
      at.measure('clippingRadius', radius);
      const sum = new Float64Array(params.length);
      const bits = new Float64Array(1);
      for await (const { delta, within } of at.stream('update')) {
        // No honest client sends more than its clipped update and its bit.
        if (!(norm(delta) <= radius * (1 + NORM_TOLERANCE)) || Math.abs(within) !== 0.5) continue;
        accumulate(sum, 1, delta);
        bits[0] = bits[0]! + within;
      }
      return released(state, sum, bits, at, hyperparameters);
    },
    estimates: ({ params }) => [params],
  }),
});
