import { largestMagnitudes } from '../../codecs/bits/largest-magnitudes.js';
import { defineMethod, type ReadonlyVector, type Vector } from '../../method.js';
import { copy, zerosLike } from '../../numerics/vector.js';
import { schedule, scheduleOf } from '../../schedules/schedule.js';
import { count, decay, oneOf } from '../../settings/kinds.js';
import { nullable } from '../../settings/setting.js';
import { defineSettings } from '../../settings/settings.js';
import { ofLengths } from '../parts/fits.js';
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

const settings = defineSettings({
  learningRate: schedule(0.1, 'Step size of each round'),
  momentum: decay(0.9, 'Decay factor of the sketched momentum'),
  rows: count(5, 'Rows of the sketch: independent hashes'),
  columns: count(500, 'Cells of a row'),
  kept: count(50, 'k: entries of the model that change in a round; more than the model has: all'),
  batchSize: nullable(count(32, 'Examples of a gradient; null: all of the shard')),
  extraction: oneOf(
    ['zero', 'subtract'],
    'zero',
    "Cells of the entries that changed: 0 in both sketches (authors' code), or the change's sketch taken from the error (paper)",
  ),
});

export default defineMethod({
  name: 'fetchsgd',
  paper: {
    title: 'FetchSGD: Communication-Efficient Federated Learning with Sketching',
    url: 'https://arxiv.org/abs/2007.07682',
    algorithm: "Algorithm 1; extraction by zeroing as in the authors' code or by subtraction as in the text",
    reconstruction:
      'the order of momentum and error in the server step is reconstructed, not checked against the paper',
  },
  settings,
  messages: {
    model: { from: 'coordinator', to: 'cohort', vectors: ['params'] },
    sketch: {
      from: 'clients',
      to: 'coordinator',
      vectors: ['cells'],
      otherLengths: ['cells'],
      memory: 'method',
      fits: ofLengths(({ hyperparameters: { rows, columns } }) => ({ cells: rows * columns })),
    },
  },
  client: ({ hyperparameters: { rows, columns, batchSize } }) => ({
    init: ({ shared }): Client => ({ seed: shared.derive('sketch').below(SEEDS) }),
    async round(state, at): Promise<Client> {
      const [model] = await at.take('model');
      const { exampleCount } = at.objective;
      if (!model || exampleCount === 0) return state;
      const batch = at.rng.batch(exampleCount, batchSize ?? exampleCount);
      const sketch = emptySketch(rows, columns, state.seed);
      addToSketch(sketch, await at.objective.gradient(model.params, batch));
      const cells = at.zeros(rows * columns);
      cells.set(sketch.cells);
      at.post('sketch', 'coordinator', { cells });
      return state;
    },
  }),
  coordinator: ({ hyperparameters: { rows, columns, learningRate, momentum: decayFactor, kept, extraction } }) => {
    const rateAt = scheduleOf(learningRate);
    return {
      init: ({ initialParams, shared }): Server => {
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
        // Su = rho Su + S, Se = Se + eta Su, in the order of the paper's server step.
        const momentum = { ...state.momentum, cells: Float64Array.from(mean.value()) };
        addSketch(momentum, state.momentum, decayFactor);
        const error = { ...state.error, cells: state.error.cells.slice() };
        addSketch(error, momentum, rateAt(at.index));
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
    };
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
