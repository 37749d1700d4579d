import { GradswarmError } from '../../errors.js';
import {
  type CoordinatorRound,
  defineMethod,
  type MessageKinds,
  type ReadonlyVector,
  type Vector,
} from '../../method.js';
import { requireCount, requireNonNegative, requireOneOf, requirePositive } from '../../numerics/settings.js';
import { norm, scale } from '../../numerics/vector.js';
import { loadOptimizer, type OptimizerSpec, optimizerByName } from '../../optimizers/load-optimizer.js';
import type { Moments } from '../../optimizers/parts/moments.js';
import { gradientByParts, tracesWithin } from './parts/batch-parts.js';
import { GradientStatistics } from './parts/gradient-statistics.js';
import { HalfMeans, type Halving, misalignment } from './parts/half-means.js';
import { type Module, modulesOf } from './parts/modules.js';
import {
  measureNoiseScale,
  type NoiseScaleState,
  noiseScaleSettings,
  noNoiseScale,
  TracesWithin,
} from './parts/noise-scale.js';

interface Server {
  readonly params: Vector;
  readonly optimizer: object;
  /** mu of each module, in model order. */
  readonly multipliers: Float64Array;
  readonly noise: NoiseScaleState;
}

const defaults = {
  /** Examples of each client's batch. */
  batchSize: 32,
  /** The authors use SGD with momentum, and AdamW. Its rate is multiplied by mu in each module. */
  optimizer: { name: 'momentum', learningRate: 0.1 } as OptimizerSpec,
  /** Module whose rate stays; null: the model's first (in the paper the backbone). */
  referenceModule: null as string | null,
  /** Rounds from one measurement to the next (tau), and the first round that measures. */
  interval: 10,
  start: 0,
  /** alpha: how much of the multipliers a measurement leaves. */
  averaging: 0.97,
  /** 'code': squared multipliers within `bounds`, as the authors' code has it. 'summary': the bare ratio of their paper's formula. */
  form: 'code',
  bounds: [0.5, 10] as readonly number[],
  /** 'random': balanced halves of the round's clients by coins; 'ranks': first half against second, as in the authors' code. */
  halves: 'random',
  /** Measure, and leave the rates as they are: the authors' switch for a run without AGVM. */
  staticRate: false,
  /** The global gradient's largest norm in rounds from <= round < until (the authors clip around the end of warm-up); null: none. */
  clipping: null as { readonly norm: number; readonly from: number; readonly until: number } | null,
  /** Such as {decay: 0.95, ownHalves: false}: measure the gradient noise scale. */
  noiseScale: null as object | null,
};

/** Added to both sides of the ratio in the authors' code. */
const OFFSET = 1e-6;
/** Rules whose measured vector is preconditioned, as under the authors' use_adam. */
const PRECONDITIONED: ReadonlySet<string> = new Set(['adam', 'adamw']);

const messages = {
  model: { from: 'coordinator', to: 'cohort', vectors: ['params'], lossy: 'any' },
  gradient: { from: 'clients', to: 'coordinator', vectors: ['gradient'], scalars: ['examples'], lossy: 'any' },
  /** Only with noiseScale.ownHalves: tr(Sigma) of each module from the halves of the client's own batch. */
  ownNoise: { from: 'clients', to: 'coordinator', vectors: ['traces'], scalars: ['examples'] },
} as const satisfies MessageKinds;

type Round = CoordinatorRound<typeof defaults, typeof messages>;

function isMeasuring({ index, hyperparameters: { start, interval } }: Round): boolean {
  return index >= start && index % interval === 0;
}

/** Adam's direction g / (sqrt(beta2 v + (1 - beta2) g^2) + epsilon) of a half's share, v as it was before the round. */
function precondition(share: Float64Array, spec: OptimizerSpec, { square }: Moments): void {
  const { beta2, epsilon } = { ...optimizerByName(spec.name).settings.defaults, ...spec } as {
    beta2: number;
    epsilon: number;
  };
  for (let i = 0; i < share.length; i++) {
    const g = share[i]!;
    const root = Math.sqrt(beta2 * square[i]! + (1 - beta2) * g * g) + epsilon;
    share[i] = root === 0 ? 0 : g / root;
  }
}

/** 1 - cosine of the two halves in every module. */
function misalignments(at: Round, halves: HalfMeans, modules: readonly Module[], optimizer: object): Float64Array {
  const spec = at.hyperparameters.optimizer;
  const [a, b] = halves.totals;
  if (PRECONDITIONED.has(spec.name)) {
    const examples = halves.examples[0] + halves.examples[1];
    for (const sums of [a, b]) {
      // A half's share of the mean gradient: at this scale the authors' code adds its square to v.
      for (let i = 0; i < sums.length; i++) sums[i] = sums[i]! / examples;
      precondition(sums, spec, optimizer as Moments);
    }
  }
  return Float64Array.from(modules, ({ ranges }) => misalignment(a, b, ranges));
}

/** alpha mu + (1 - alpha) sqrt(ratio of the reference's misalignment to the module's). Exported for its tests. */
export function nextMultipliers(
  multipliers: Float64Array,
  similarity: Float64Array,
  reference: number,
  { form, bounds, averaging }: Pick<typeof defaults, 'form' | 'bounds' | 'averaging'>,
): Float64Array {
  const [least, most] = bounds as readonly [number, number];
  return multipliers.map((before, m) => {
    // The reference's own ratio is 1, also where bounds or 0 / 0 would make it something else.
    if (m === reference) return 1;
    const ratio =
      form === 'code'
        ? Math.min(most, Math.max(least, (similarity[reference]! + OFFSET) / (similarity[m]! + OFFSET)))
        : similarity[reference] === similarity[m]
          ? 1
          : similarity[reference]! / similarity[m]!;
    // Without bounds a module whose halves agree exactly would have an endless rate.
    return Number.isFinite(ratio) ? averaging * before + (1 - averaging) * Math.sqrt(ratio) : before;
  });
}

/** The step of each module times its multiplier; as if the rate had been multiplied, and bit for bit the step where that is 1. */
function scaleSteps(next: Vector, params: ReadonlyVector, multipliers: Float64Array, modules: readonly Module[]): void {
  for (const [m, { ranges }] of modules.entries()) {
    const multiplier = multipliers[m]!;
    if (multiplier === 1) continue;
    for (const { start, end } of ranges)
      for (let i = start; i < end; i++) next[i] = params[i]! + multiplier * (next[i]! - params[i]!);
  }
}

function clipped(gradient: Vector, { index, hyperparameters: { clipping } }: Round): Vector {
  if (!clipping || index < clipping.from || index >= clipping.until) return gradient;
  const length = norm(gradient);
  return length > clipping.norm ? scale(clipping.norm / length, gradient) : gradient;
}

function referenceIndex(at: Round, modules: readonly Module[]): number {
  const { referenceModule } = at.hyperparameters;
  const index = referenceModule === null ? 0 : modules.findIndex(({ name }) => name === referenceModule);
  if (index < 0)
    throw new GradswarmError(
      'ERR_SCENARIO',
      `method.referenceModule: expected one of ${modules.map(({ name }) => name).join(', ')}, got '${referenceModule}'`,
    );
  return index;
}

export default defineMethod({
  name: 'agvm',
  paper: {
    title: 'Large-batch Optimization for Dense Visual Predictions',
    url: 'https://arxiv.org/abs/2210.11078',
    algorithm: 'AGVM over SGD and AdamW',
    reconstruction:
      "Formulas are those of the authors' published code (form 'code'); the paper's own (form 'summary') are from a summary of it. " +
      'Ours: balanced random halves (halves: ranks is the code), and unequal batches.',
  },
  defaults,
  check({ batchSize, interval, start, averaging, form, bounds, halves, clipping, noiseScale }) {
    requirePositive('method.batchSize', batchSize);
    requireCount('method.interval', interval);
    requireNonNegative('method.start', start);
    requireOneOf('method.form', form, ['code', 'summary']);
    requireOneOf('method.halves', halves, ['random', 'ranks'] satisfies Halving[]);
    if (!(averaging >= 0 && averaging < 1))
      throw new GradswarmError('ERR_SCENARIO', `method.averaging: expected a number in [0, 1), got ${averaging}`);
    const [least, most] = bounds;
    if (!(bounds.length === 2 && least! > 0 && least! <= most!))
      throw new GradswarmError(
        'ERR_SCENARIO',
        `method.bounds: expected two numbers, 0 < least <= most, got ${JSON.stringify(bounds)}`,
      );
    if (clipping !== null) {
      requirePositive('method.clipping.norm', clipping.norm);
      requireNonNegative('method.clipping.from', clipping.from);
      requirePositive('method.clipping.until', clipping.until);
    }
    noiseScaleSettings(noiseScale);
  },
  messages,
  client: {
    init: () => null,
    async round(state, at) {
      const [model] = await at.take('model');
      if (!model) return state;
      const { batchSize, noiseScale } = at.hyperparameters;
      const batch = at.rng.batch(at.objective.exampleCount, batchSize);
      const examples = batch.length;
      if (examples === 0) return state;
      if (!noiseScaleSettings(noiseScale)?.ownHalves) {
        at.post('gradient', 'coordinator', { gradient: await at.objective.gradient(model.params, batch), examples });
        return state;
      }
      const { gradient, spread, parts } = await gradientByParts(at.objective, model.params, batch, 2);
      at.post('gradient', 'coordinator', { gradient, examples });
      if (parts < 2) return state;
      const modules = modulesOf(at.segments, gradient.length);
      const traces = at.zeros(modules.length);
      traces.set(tracesWithin(spread, parts, examples, modules));
      at.post('ownNoise', 'coordinator', { traces, examples });
      return state;
    },
  },
  coordinator: {
    init: ({ initialParams, hyperparameters, segments }): Server => ({
      params: initialParams,
      optimizer: loadOptimizer(hyperparameters.optimizer, segments).init(initialParams.length),
      multipliers: new Float64Array(modulesOf(segments, initialParams.length).length).fill(1),
      noise: noNoiseScale(),
    }),
    async round(state, at): Promise<Server> {
      const { params, optimizer } = state;
      const { halves: halving, noiseScale } = at.hyperparameters;
      const modules = modulesOf(at.segments, params.length);
      const reference = referenceIndex(at, modules);
      at.post('model', at.cohort, { params });
      const statistics = new GradientStatistics(modules, false);
      const coins = halving === 'random' ? at.rng.derive('halves') : null;
      const halves = isMeasuring(at) ? new HalfMeans(params.length, coins, at.cohort) : null;
      for await (const { from, gradient, examples } of at.stream('gradient')) {
        statistics.add(examples, gradient);
        halves?.add(from, examples, gradient);
      }
      const within = new TracesWithin(modules.length);
      if (noiseScaleSettings(noiseScale)?.ownHalves)
        for await (const { traces, examples } of at.stream('ownNoise')) within.add(examples, traces);
      if (statistics.weight === 0) return state;
      let { multipliers } = state;
      if (halves?.isComplete) {
        const similarity = misalignments(at, halves, modules, optimizer);
        if (!at.hyperparameters.staticRate)
          multipliers = nextMultipliers(multipliers, similarity, reference, at.hyperparameters);
        report(at, modules, similarity, multipliers, reference);
      }
      const rule = loadOptimizer(at.hyperparameters.optimizer, at.segments);
      const [next, nextOptimizer] = rule.update(clipped(statistics.value(), at), optimizer, params);
      if (at.index >= at.hyperparameters.start) scaleSteps(next, params, multipliers, modules);
      return {
        params: next,
        optimizer: nextOptimizer,
        multipliers,
        noise: measureNoiseScale(at, noiseScale, state.noise, modules, statistics, within.mean()),
      };
    },
    estimates: ({ params }) => [params],
  },
});

/**
 * Of a measuring round, by module: `misalignment/m` (1 - cosine of the halves), `multiplier/m`, and `aligned/m`, mu^2 times the
 * misalignment: what AGVM wants equal in all modules (the common rate squared left out).
 */
function report(
  at: Round,
  modules: readonly Module[],
  similarity: Float64Array,
  multipliers: Float64Array,
  reference: number,
): void {
  for (const [m, { name }] of modules.entries()) {
    at.measure(`misalignment/${name}`, similarity[m]!);
    if (m !== reference) at.measure(`multiplier/${name}`, multipliers[m]!);
    at.measure(`aligned/${name}`, multipliers[m]! ** 2 * similarity[m]!);
  }
}
