import { largestMagnitudes } from '../../codecs/bits/largest-magnitudes.js';
import { GradswarmError } from '../../errors.js';
import { defineMethod, type ReadonlyVector, type Vector } from '../../method.js';
import { requireCount, requireOneOf } from '../../numerics/settings.js';
import { copy, zerosLike } from '../../numerics/vector.js';
import { type ScheduleSpec, scheduleOf } from '../../schedules/schedule.js';
import { WeightedMean } from '../parts/weighted-mean.js';
import {
  addSketch,
  addToSketch,
  type CountSketch,
  clearEntries,
  emptySketch,
  estimateAll,
} from './parts/count-sketch.js';

interface Client {
  /** Names the hash functions that all parties use. */
  readonly seed: number;
}
interface Server {
  readonly params: Vector;
  readonly momentum: CountSketch;
  readonly error: CountSketch;
}

const defaults = {
  learningRate: 0.1 as ScheduleSpec,
  momentum: 0.9,
  rows: 5,
  columns: 500,
  /** k: entries of the model that change in a round; more than the model has: all. */
  kept: 50,
  /** Examples of a gradient; null: all of the shard. */
  batchSize: 32 as number | null,
  /**
   * What becomes of the cells of the entries that changed. 'zero', as in the authors' code: they become 0 in both sketches.
   * 'subtract', as in the paper: the sketch of the change is taken from the error.
   */
  extraction: 'zero',
};

export default defineMethod({
  name: 'fetchsgd',
  paper: {
    title: 'FetchSGD: Communication-Efficient Federated Learning with Sketching',
    url: 'https://arxiv.org/abs/2007.07682',
    algorithm: "Algorithm 1; extraction by zeroing as in the authors' code or by subtraction as in the text",
    reconstruction: 'the order of momentum and error in the server step is from memory',
  },
  defaults,
  check({ momentum, rows, columns, kept, batchSize, extraction }) {
    if (!(momentum >= 0 && momentum < 1))
      throw new GradswarmError('ERR_SCENARIO', `method.momentum: expected a number in [0, 1), got ${momentum}`);
    requireCount('method.rows', rows);
    requireCount('method.columns', columns);
    requireCount('method.kept', kept);
    if (batchSize !== null) requireCount('method.batchSize', batchSize);
    requireOneOf('method.extraction', extraction, ['zero', 'subtract']);
  },
  messages: {
    model: { from: 'coordinator', to: 'cohort', vectors: ['params'] },
    sketch: { from: 'clients', to: 'coordinator', vectors: ['cells'], memory: 'method' },
  },
  client: {
    init: ({ shared }): Client => ({ seed: shared.derive('sketch').below(SEEDS) }),
    async round(state, at): Promise<Client> {
      const [model] = await at.take('model');
      const { exampleCount } = at.objective;
      if (!model || exampleCount === 0) return state;
      const { rows, columns, batchSize } = at.hyperparameters;
      const batch = at.rng.batch(exampleCount, batchSize ?? exampleCount);
      const sketch = emptySketch(rows, columns, state.seed);
      addToSketch(sketch, await at.objective.gradient(model.params, batch));
      const cells = at.zeros(rows * columns);
      cells.set(sketch.cells);
      at.post('sketch', 'coordinator', { cells });
      return state;
    },
  },
  coordinator: {
    init: ({ initialParams, hyperparameters: { rows, columns }, shared }): Server => {
      const seed = shared.derive('sketch').below(SEEDS);
      return {
        params: initialParams,
        momentum: emptySketch(rows, columns, seed),
        error: emptySketch(rows, columns, seed),
      };
    },
    async round(state, at): Promise<Server> {
      at.post('model', at.cohort, { params: state.params });
      const mean = new WeightedMean();
      for await (const { cells } of at.stream('sketch')) mean.add(1, cells);
      if (mean.weight === 0) return state;
      const { learningRate, momentum: decay, kept, extraction } = at.hyperparameters;
      // Su = rho Su + S, Se = Se + eta Su, in the order of the paper's server step.
      const momentum = { ...state.momentum, cells: Float64Array.from(mean.value()) };
      addSketch(momentum, state.momentum, decay);
      const error = { ...state.error, cells: state.error.cells.slice() };
      addSketch(error, momentum, scheduleOf(learningRate)(at.index));
      const change = largestEstimates(error, state.params, kept);
      if (extraction === 'zero') {
        clearEntries(error, change.indices);
        clearEntries(momentum, change.indices);
      } else addToSketch(error, change.values, -1);
      const params = copy(state.params);
      for (const i of change.indices) params[i] = params[i]! - change.values[i]!;
      return { params, momentum, error };
    },
    estimates: ({ params }) => [params],
  },
});

const SEEDS = 4294967296;

/** The `kept` entries with the largest estimates, and a vector that holds these alone. */
function largestEstimates(
  sketch: CountSketch,
  like: ReadonlyVector,
  kept: number,
): { readonly indices: Uint32Array; readonly values: Vector } {
  const estimates = estimateAll(sketch, zerosLike(like));
  const indices = largestMagnitudes('fetchsgd', estimates, Math.min(kept, like.length));
  const values = zerosLike(like);
  for (const i of indices) values[i] = estimates[i]!;
  return { indices, values };
}
