import { GradswarmError } from '../../errors.js';
import { type CoordinatorRound, defineMethod, type MessageKinds, type PartyId, type Vector } from '../../method.js';
import { integerPower } from '../../numerics/powers.js';
import { requireCount, requireOneOf, requirePositive } from '../../numerics/settings.js';
import { scale } from '../../numerics/vector.js';
import { loadOptimizer, type OptimizerSpec } from '../../optimizers/load-optimizer.js';
import { tensorsOf } from '../../optimizers/parts/tensors.js';
import { gradientByParts, tracesWithin } from './parts/batch-parts.js';
import { GradientStatistics } from './parts/gradient-statistics.js';
import { type Module, modulesOf } from './parts/modules.js';
import {
  measureNoiseScale,
  type NoiseScaleState,
  noiseScaleSettings,
  noNoiseScale,
  TracesWithin,
} from './parts/noise-scale.js';
import { signalToNoiseInto } from './parts/signal-to-noise.js';

interface Server {
  readonly params: Vector;
  readonly optimizer: object;
  /** Running mean p of the ratios, for base optimizers with second moments; else empty. */
  readonly ratios: Float64Array;
  readonly ratioSteps: number;
  readonly noise: NoiseScaleState;
}

const defaults = {
  /** Examples of each client's batch. */
  batchSize: 32,
  /** Base optimizer: sgd, momentum, adam, lars and lamb give VR-SGD, VR-Momentum, VR-Adam, VR-LARS and VR-LAMB. */
  optimizer: { name: 'sgd', learningRate: 0.1 } as OptimizerSpec,
  /** Least ratio, in (0, 1]; 1 with cap '1' is the base optimizer. */
  gamma: 0.1,
  /** Largest ratio: 1 as the algorithm is printed, or 1/gamma. With '1' no entry's step is longer than the base optimizer's. */
  cap: '1',
  /** Decay factor of the ratios' running mean, under base optimizers with second moments. */
  beta3: 0.9,
  /** Parts of each client's batch that count as devices of their own; above 1 each client also sends their spread. */
  subBatches: 1,
  /** With fewer devices in a round, the round is the base optimizer's: ratios of 2 or 3 are mostly noise. */
  leastDevices: 4,
  /** Clients that multiply the gradient they send, such as {clients: [0], factor: 10}: what one of them can do. */
  scaled: null as { readonly clients: readonly number[]; readonly factor: number } | null,
  /** Such as {decay: 0.95}: measure the gradient noise scale. `ownHalves` needs subBatches >= 2 and adds no traffic here. */
  noiseScale: null as object | null,
};

const CAPS = ['1', '1/gamma'];

/** Base optimizers that divide by a second moment: there the ratios are smoothed first, before both moments. */
const SMOOTHED: ReadonlySet<string> = new Set(['adam', 'adamw', 'lamb', 'adam-eight-bit', 'yogi', 'mars']);

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
  gradient: { from: 'clients', to: 'coordinator', vectors: ['gradient'], scalars: ['examples'], lossy: 'any' },
  /** Only with subBatches > 1: the second moment of the parts, around their mean. */
  moments: { from: 'clients', to: 'coordinator', vectors: ['spread'], scalars: ['parts'], lossy: 'any' },
} as const satisfies MessageKinds;

type Round = CoordinatorRound<typeof defaults, typeof messages>;

function times(factor: number, vector: Vector): Vector {
  return factor === 1 ? vector : scale(factor, vector);
}

/** What the clients say, folded; `within` is what the parts of each batch say of sampling noise, null with whole batches. */
async function listen(
  at: Round,
  modules: readonly Module[],
): Promise<{ readonly statistics: GradientStatistics; readonly within: Float64Array | null }> {
  const statistics = new GradientStatistics(modules, true);
  const batches = new Map<PartyId, number>();
  for await (const { from, gradient, examples } of at.stream('gradient')) {
    statistics.add(examples, gradient);
    batches.set(from, examples);
  }
  if (at.hyperparameters.subBatches === 1) return { statistics, within: null };
  const within = new TracesWithin(modules.length);
  for await (const { from, spread, parts } of at.stream('moments')) {
    const examples = batches.get(from);
    // Without its gradient the spread has nothing to spread around.
    if (examples === undefined || parts < 2) continue;
    statistics.addParts(examples, parts, spread);
    within.add(examples, tracesWithin(spread, parts, examples, modules));
  }
  return { statistics, within: within.mean() };
}

/** One ratio a parameter for this round, before smoothing. */
function ratiosOf(at: Round, statistics: GradientStatistics, mean: Vector): Float64Array {
  const { gamma, cap, leastDevices } = at.hyperparameters;
  const ratios = new Float64Array(mean.length).fill(1);
  if (statistics.count >= leastDevices) {
    const bounds = { gamma, cap: cap === '1' ? 1 : 1 / gamma };
    signalToNoiseInto(ratios, mean, statistics.spread(), tensorsOf(at.segments, mean.length), bounds);
  }
  return ratios;
}

/** Devices, the mean ratio, and the share of entries that the lower bound holds up. */
function report(at: Round, devices: number, ratios: Float64Array): void {
  const { gamma } = at.hyperparameters;
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
      "VR-Adam's and VR-LAMB's equations are from the prose and from memory. Not in the text: the degenerate cases (tensors on " +
      'which all devices agree, and tensors of one element, take the plain step), unequal batches, the fall-back below ' +
      'leastDevices, and the cap 1/gamma, with which alone VR-SGD is faster than SGD at the same rate.',
  },
  defaults,
  check({ batchSize, gamma, cap, beta3, subBatches, leastDevices, noiseScale }) {
    requirePositive('method.batchSize', batchSize);
    requireCount('method.subBatches', subBatches);
    requireCount('method.leastDevices', leastDevices - 1);
    requireOneOf('method.cap', cap, CAPS);
    if (!(gamma > 0 && gamma <= 1))
      throw new GradswarmError('ERR_SCENARIO', `method.gamma: expected a number in (0, 1], got ${gamma}`);
    if (!(beta3 >= 0 && beta3 < 1))
      throw new GradswarmError('ERR_SCENARIO', `method.beta3: expected a number in [0, 1), got ${beta3}`);
    if (noiseScaleSettings(noiseScale)?.ownHalves && subBatches < 2)
      throw new GradswarmError(
        'ERR_SCENARIO',
        `method.noiseScale.ownHalves: expected subBatches of at least 2, got ${subBatches}; a batch in one part has no halves`,
      );
  },
  messages,
  client: {
    init: () => null,
    async round(state, at) {
      const [model] = await at.take('model');
      if (!model) return state;
      const { batchSize, subBatches, scaled } = at.hyperparameters;
      const batch = at.rng.batch(at.objective.exampleCount, batchSize);
      if (batch.length === 0) return state;
      const factor = scaled?.clients.includes(at.self) ? scaled.factor : 1;
      if (subBatches === 1) {
        const gradient = await at.objective.gradient(model.params, batch);
        at.post('gradient', 'coordinator', { gradient: times(factor, gradient), examples: batch.length });
        return state;
      }
      const { gradient, spread, parts } = await gradientByParts(at.objective, model.params, batch, subBatches);
      at.post('gradient', 'coordinator', { gradient: times(factor, gradient), examples: batch.length });
      at.post('moments', 'coordinator', { spread: times(factor * factor, spread), parts });
      return state;
    },
  },
  coordinator: {
    init: ({ initialParams, hyperparameters, segments }): Server => ({
      params: initialParams,
      optimizer: loadOptimizer(hyperparameters.optimizer, segments).init(initialParams.length),
      ratios: new Float64Array(0),
      ratioSteps: 0,
      noise: noNoiseScale(),
    }),
    async round(state, at): Promise<Server> {
      const { beta3, optimizer, noiseScale } = at.hyperparameters;
      const { params } = state;
      at.post('model', at.cohort, { params });
      const modules = modulesOf(at.segments, params.length);
      const { statistics, within } = await listen(at, modules);
      if (statistics.weight === 0) return state;
      const noise = noiseScaleSettings(noiseScale)?.ownHalves ? within : null;
      const mean = statistics.value();
      const ratios = ratiosOf(at, statistics, mean);
      const smoothed = SMOOTHED.has(optimizer.name);
      const ratioSteps = smoothed ? state.ratioSteps + 1 : 0;
      const ratioMeans = smoothed ? smooth(ratios, state.ratios, beta3, ratioSteps) : state.ratios;
      report(at, statistics.count, ratios);
      for (let i = 0; i < mean.length; i++) mean[i] = ratios[i]! * mean[i]!;
      const rule = loadOptimizer(optimizer, at.segments);
      const [next, nextOptimizer] = rule.update(mean, state.optimizer, params);
      return {
        params: next,
        optimizer: nextOptimizer,
        ratios: ratioMeans,
        ratioSteps,
        noise: measureNoiseScale(at, noiseScale, state.noise, modules, statistics, noise),
      };
    },
    estimates: ({ params }) => [params],
  },
});
