import { GradswarmError } from '../../errors.js';
import {
  type CoordinatorRound,
  defineMethod,
  type MessageKinds,
  type ReadonlyVector,
  type Vector,
} from '../../method.js';
import { norm, scale } from '../../numerics/vector.js';
import { loadOptimizer, optimizer as optimizerSetting } from '../../optimizers/load-optimizer.js';
import type { Optimizer } from '../../optimizers/optimizer.js';
import { count, decay, flag, integer, list, oneOf, positive, text } from '../../settings/kinds.js';
import { required } from '../../settings/setting.js';
import { defineSettings, group, type SettingsOf } from '../../settings/settings.js';
import { counting } from '../parts/fits.js';
import { withFormerNoise } from '../parts/former-state.js';
import { WeightedMean } from '../parts/weighted-mean.js';
import { HalfMeans, type Halving, misalignment } from './parts/half-means.js';
import { type Module, modulesOf } from './parts/modules.js';

interface Server {
  readonly params: Vector;
  readonly optimizer: object;
  /** mu of each module, in model order. */
  readonly multipliers: Float64Array;
}

const clipping = defineSettings({
  norm: positive(required, 'Largest norm of the global gradient'),
  from: integer(required, 'First round that clips', { least: 0 }),
  until: count(required, 'First round after them'),
});

const settings = defineSettings({
  batchSize: count(32, "Examples of each client's batch"),
  optimizer: optimizerSetting(
    { name: 'momentum', learningRate: 0.1 },
    'The authors use SGD with momentum, and AdamW. Its rate is multiplied by mu in each module',
  ),
  referenceModule: text(null, "Module whose rate stays; null: the model's first (in the paper the backbone)"),
  interval: count(10, 'tau: rounds from one measurement to the next'),
  start: integer(0, 'Before this round none measures; from there on rounds that are multiples of the interval do', {
    least: 0,
  }),
  averaging: decay(0.97, 'alpha: how much of the multipliers a measurement leaves'),
  form: oneOf(
    ['code', 'summary'],
    'code',
    "Squared multipliers within `bounds`, as the authors' code has it, or the bare ratio of their paper's formula",
  ),
  bounds: list(
    positive(required, 'Bound of a squared multiplier'),
    [0.5, 10],
    'Least and largest squared multiplier',
    2,
  ),
  halves: oneOf(
    ['random', 'ranks'] satisfies Halving[],
    'random',
    "Balanced halves of the round's clients by coins, or first half against second, as in the authors' code",
  ),
  staticRate: flag(false, "Measure, and leave the rates as they are: the authors' switch for a run without AGVM"),
  clipping: group(
    clipping,
    null,
    'Clips the global gradient in some rounds; the authors do so around the end of warm-up',
  ),
}).and(({ bounds }) =>
  bounds.length === 2 && bounds[0]! <= bounds[1]! ? null : { at: 'bounds', expected: 'two numbers, 0 < least <= most' },
);
type Settings = SettingsOf<typeof settings>;

/** Added to both sides of the ratio in the authors' code. */
const OFFSET = 1e-6;
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
} as const satisfies MessageKinds;

type Round = CoordinatorRound<Settings, typeof messages>;

/** 1 - cosine of the two halves in every module; under a preconditioning rule, of what it makes of them. */
function misalignments(
  halves: HalfMeans,
  modules: readonly Module[],
  rule: Optimizer<object>,
  optimizer: object,
): Float64Array {
  const [a, b] = halves.totals;
  if (rule.precondition) {
    const examples = halves.examples[0] + halves.examples[1];
    for (const sums of [a, b]) {
      // A half's share of the mean gradient: at this scale the authors' code adds its square to v.
      for (let i = 0; i < sums.length; i++) sums[i] = sums[i]! / examples;
      rule.precondition(sums, optimizer);
    }
  }
  return Float64Array.from(modules, ({ ranges }) => misalignment(a, b, ranges));
}

/** alpha mu + (1 - alpha) sqrt(ratio of the reference's misalignment to the module's). Exported for its tests. */
export function nextMultipliers(
  multipliers: Float64Array,
  misaligned: Float64Array,
  reference: number,
  { form, bounds, averaging }: Pick<Settings, 'form' | 'bounds' | 'averaging'>,
): Float64Array {
  const [least, most] = bounds as readonly [number, number];
  return multipliers.map((before, m) => {
    // The reference's own ratio is 1, also where bounds or 0 / 0 would make it something else.
    if (m === reference) return 1;
    const ratio =
      form === 'code'
        ? Math.min(most, Math.max(least, (misaligned[reference]! + OFFSET) / (misaligned[m]! + OFFSET)))
        : misaligned[reference] === misaligned[m]
          ? 1
          : misaligned[reference]! / misaligned[m]!;
    // Without bounds a module whose halves agree exactly would have an infinite learning rate.
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

function clippedGradient(gradient: Vector, round: number, { clipping }: Settings): Vector {
  if (!clipping || round < clipping.from || round >= clipping.until) return gradient;
  const length = norm(gradient);
  return length > clipping.norm ? scale(clipping.norm / length, gradient) : gradient;
}

function referenceIndex({ referenceModule }: Settings, modules: readonly Module[]): number {
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
  settings,
  measures: ['misalignment*', 'multiplier*', 'aligned*'],
  messages,
  client: ({ hyperparameters: { batchSize } }) => ({
    init: () => null,
    async round(state, at) {
      const [model] = await at.take('model');
      if (!model) return state;
      const batch = at.rng.batch(at.objective.exampleCount, batchSize);
      const examples = batch.length;
      if (examples === 0) return state;
      at.post('gradient', 'coordinator', { gradient: await at.objective.gradient(model.params, batch), examples });
      return state;
    },
  }),
  coordinator: ({ hyperparameters, segments, parameterCount }) => {
    const { interval, start, halves: halving, staticRate } = hyperparameters;
    const rule = loadOptimizer(hyperparameters.optimizer, segments);
    const modules = modulesOf(segments, parameterCount);
    const reference = referenceIndex(hyperparameters, modules);
    return {
      init: ({ initialParams }): Server => ({
        params: initialParams,
        optimizer: rule.init(parameterCount),
        multipliers: new Float64Array(modules.length).fill(1),
      }),
      async round(state, at): Promise<Server> {
        const { params, optimizer } = state;
        at.post('model', at.cohort, { params });
        const measures = at.index >= start && at.index % interval === 0;
        const coins = halving === 'random' ? at.rng.derive('halves') : null;
        const halves = measures ? new HalfMeans(parameterCount, coins, at.cohort) : null;
        const mean = new WeightedMean();
        for await (const { from, gradient, examples } of at.stream('gradient')) {
          mean.add(examples, gradient);
          halves?.add(from, examples, gradient);
        }
        if (mean.weight === 0) return state;
        let { multipliers } = state;
        if (halves?.isComplete) {
          const misaligned = misalignments(halves, modules, rule, optimizer);
          if (!staticRate) multipliers = nextMultipliers(multipliers, misaligned, reference, hyperparameters);
          report(at, modules, misaligned, multipliers, reference);
        }
        const gradient = clippedGradient(mean.value(), at.index, hyperparameters);
        const [next, nextOptimizer] = rule.update(gradient, optimizer, params);
        if (at.index >= start) scaleSteps(next, params, multipliers, modules);
        return { ...state, params: next, optimizer: nextOptimizer, multipliers };
      },
      estimates: ({ params }) => [params],
      digested: withFormerNoise,
    };
  },
});

/**
 * Of a measuring round, by module: `misalignment/m` (1 - cosine of the halves), `multiplier/m`, and `aligned/m`, mu^2 times the
 * misalignment: the quantity that AGVM equalises over modules (the common rate squared left out).
 */
function report(
  at: Round,
  modules: readonly Module[],
  misaligned: Float64Array,
  multipliers: Float64Array,
  reference: number,
): void {
  for (const [m, { name }] of modules.entries()) {
    at.measure(`misalignment/${name}`, misaligned[m]!);
    if (m !== reference) at.measure(`multiplier/${name}`, multipliers[m]!);
    at.measure(`aligned/${name}`, multipliers[m]! ** 2 * misaligned[m]!);
  }
}
