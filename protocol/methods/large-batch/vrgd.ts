import { type CoordinatorRound, defineMethod, type MessageKinds, type PartyId, type Vector } from '../../method.js';
import { integerPower } from '../../numerics/powers.js';
import { loadOptimizer, optimizer } from '../../optimizers/load-optimizer.js';
import { type Tensor, tensorsOf } from '../../optimizers/parts/tensors.js';
import { count, decay, fraction, integer, oneOf } from '../../settings/kinds.js';
import { defineSettings, type SettingsOf } from '../../settings/settings.js';
import { counting } from '../parts/fits.js';
import { withFormerNoise } from '../parts/former-state.js';
import { gradientByParts } from './parts/batch-parts.js';
import { GradientStatistics } from './parts/gradient-statistics.js';
import { type Module, modulesOf } from './parts/modules.js';
import { signalToNoiseInto } from './parts/signal-to-noise.js';

interface Server {
  readonly params: Vector;
  readonly optimizer: object;
  /** Running mean p of the ratios, for base optimizers with second moments; else empty. */
  readonly ratios: Float64Array;
  readonly ratioSteps: number;
}

const settings = defineSettings({
  batchSize: count(32, "Examples of each client's batch"),
  optimizer: optimizer(
    { name: 'sgd', learningRate: 0.1 },
    'Base optimizer: sgd, momentum, adam, lars and lamb give VR-SGD, VR-Momentum, VR-Adam, VR-LARS and VR-LAMB',
  ),
  gamma: fraction(0.1, "Least ratio; 1 with cap '1' is the base optimizer"),
  cap: oneOf(
    ['1', '1/gamma'],
    '1',
    "Largest ratio: 1 as the algorithm is printed. With it no entry's step is longer than the base optimizer's",
  ),
  beta3: decay(0.9, "Decay factor of the ratios' running mean, under base optimizers with second moments"),
  subBatches: count(
    1,
    "Parts of each client's batch that count as devices of their own; above 1 each client also sends their spread",
  ),
  leastDevices: integer(
    4,
    "With fewer devices in a round, the round is the base optimizer's: ratios of 2 or 3 are mostly noise",
    { least: 2 },
  ),
});
type Settings = SettingsOf<typeof settings>;

/** p = beta3 p + (1 - beta3) r, and p / (1 - beta3^t) in place of r. */
function smooth(ratios: Float64Array, before: Float64Array, beta3: number, steps: number): Float64Array {
  const mean = new Float64Array(ratios.length);
  const correction = 1 - integerPower(beta3, steps);
  for (let i = 0; i < mean.length; i++) {
    mean[i] = beta3 * (before[i] ?? 0) + (1 - beta3) * ratios[i]!;
    ratios[i] = mean[i]! / correction;
  }
  return mean;
}

const messages = {
  model: { from: 'coordinator', to: 'cohort', vectors: ['params'], lossy: 'any' },
  gradient: {
    from: 'clients',
    to: 'coordinator',
    vectors: ['gradient'],
    scalars: ['examples'],
    lossy: 'any',
    fits: counting('examples'),
  },
  /** Only with subBatches > 1: the second moment of the parts, around their mean. */
  moments: { from: 'clients', to: 'coordinator', vectors: ['spread'], scalars: ['parts'], lossy: 'any' },
} as const satisfies MessageKinds;

type Round = CoordinatorRound<Settings, typeof messages>;

/** The clients' gradients, folded; with subBatches above 1 every part of a batch counts as a device. */
async function gather(at: Round, modules: readonly Module[], { subBatches }: Settings): Promise<GradientStatistics> {
  const statistics = new GradientStatistics(modules, true);
  const batches = new Map<PartyId, number>();
  for await (const { from, gradient, examples } of at.stream('gradient')) {
    statistics.add(examples, gradient);
    batches.set(from, examples);
  }
  if (subBatches === 1) return statistics;
  for await (const { from, spread, parts } of at.stream('moments')) {
    const examples = batches.get(from);
    // Without its gradient the spread has nothing to spread around.
    if (examples !== undefined && parts >= 2) statistics.addParts(examples, parts, spread);
  }
  return statistics;
}

/** r_j = mean_j^2 / variance_j, normalised by tensor and confined to [gamma, cap], before smoothing. */
function ratiosOf(
  statistics: GradientStatistics,
  mean: Vector,
  tensors: readonly Tensor[],
  { gamma, cap, leastDevices }: Settings,
): Float64Array {
  const ratios = new Float64Array(mean.length).fill(1);
  if (statistics.count >= leastDevices) {
    const bounds = { gamma, cap: cap === '1' ? 1 : 1 / gamma };
    signalToNoiseInto(ratios, mean, statistics.spread(), tensors, bounds);
  }
  return ratios;
}

/** Devices, the mean ratio, and the fraction of entries clamped to gamma. */
function report(at: Round, devices: number, ratios: Float64Array, gamma: number): void {
  let sum = 0;
  let atGamma = 0;
  for (let i = 0; i < ratios.length; i++) {
    sum += ratios[i]!;
    if (ratios[i]! <= gamma) atGamma++;
  }
  at.measure('devices', devices);
  at.measure('signalToNoise', sum / ratios.length);
  at.measure('shareAtGamma', atGamma / ratios.length);
}

export default defineMethod({
  name: 'vrgd',
  paper: {
    title: 'Accelerating Large Batch Training via Gradient Signal to Noise Ratio (GSNR)',
    url: 'https://arxiv.org/abs/2309.13681',
    algorithm: 'VR-SGD; with other base optimizers VR-Momentum, VR-Adam, VR-LARS, VR-LAMB',
    reconstruction:
      "VR-Adam's and VR-LAMB's equations are reconstructed from the prose, not checked against the paper. Not in the text: the degenerate cases (tensors on " +
      'which all devices agree, and tensors of one element, take the plain step), unequal batches, the fall-back below ' +
      'leastDevices, and the cap 1/gamma, with which alone VR-SGD is faster than SGD at the same rate.',
  },
  settings,
  measures: ['devices', 'signalToNoise', 'shareAtGamma'],
  messages,
  client: ({ hyperparameters: { batchSize, subBatches } }) => ({
    init: () => null,
    async round(state, at) {
      const [model] = await at.take('model');
      if (!model) return state;
      const batch = at.rng.batch(at.objective.exampleCount, batchSize);
      const examples = batch.length;
      if (examples === 0) return state;
      if (subBatches === 1) {
        at.post('gradient', 'coordinator', { gradient: await at.objective.gradient(model.params, batch), examples });
        return state;
      }
      const { gradient, spread, parts } = await gradientByParts(at.objective, model.params, batch, subBatches);
      at.post('gradient', 'coordinator', { gradient, examples });
      at.post('moments', 'coordinator', { spread, parts });
      return state;
    },
  }),
  coordinator: ({ hyperparameters, segments, parameterCount }) => {
    const { optimizer: spec, beta3, gamma } = hyperparameters;
    const rule = loadOptimizer(spec, segments);
    // Before both moments, as in VR-Adam.
    const smoothed = rule.usesSecondMoment === true;
    const modules = modulesOf(segments, parameterCount);
    const tensors = tensorsOf(segments, parameterCount);
    return {
      init: ({ initialParams }): Server => ({
        params: initialParams,
        optimizer: rule.init(parameterCount),
        ratios: new Float64Array(0),
        ratioSteps: 0,
      }),
      async round(state, at): Promise<Server> {
        at.post('model', at.cohort, { params: state.params });
        const statistics = await gather(at, modules, hyperparameters);
        if (statistics.weight === 0) return state;
        const mean = statistics.value();
        const r = ratiosOf(statistics, mean, tensors, hyperparameters);
        const ratioSteps = smoothed ? state.ratioSteps + 1 : 0;
        const ratios = smoothed ? smooth(r, state.ratios, beta3, ratioSteps) : state.ratios;
        report(at, statistics.count, r, gamma);
        for (let i = 0; i < mean.length; i++) mean[i] = r[i]! * mean[i]!;
        const [params, optimizer] = rule.update(mean, state.optimizer, state.params);
        return { ...state, params, optimizer, ratios, ratioSteps };
      },
      estimates: ({ params }) => [params],
      digested: withFormerNoise,
    };
  },
});
