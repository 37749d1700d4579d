import { type ClientIndex, defineMethod, type ReadonlyVector, type Vector } from '../../method.js';
import { add, copy, subtract, zerosLike } from '../../numerics/vector.js';
import { schedule, scheduleOf } from '../../schedules/schedule.js';
import { count, decay, positive } from '../../settings/kinds.js';
import { nullable } from '../../settings/setting.js';
import { defineSettings } from '../../settings/settings.js';
import { WeightedMean } from '../parts/weighted-mean.js';
import { copyHolders, ownCopy } from './parts/replicated-state.js';

interface Client {
  /** This client's copies of the server's; null: it has to be sent them. */
  readonly params: Vector | null;
  readonly momentum: Vector;
  readonly variance: Vector;
  /** What compression of this client's momenta left out so far. */
  readonly error: Vector;
}
interface Server {
  readonly params: Vector;
  readonly momentum: Vector;
  /** Running mean of squared gradients; does not change after the warm-up. */
  readonly variance: Vector;
  /** What compression of the mean momentum left out so far. */
  readonly error: Vector;
  /** The mean momentum of the last round, to be sent; null in and right after the warm-up. */
  readonly average: Vector | null;
  /** Clients whose copies agree with the server's up to `average`, ascending. */
  readonly synchronized: readonly ClientIndex[];
}

const settings = defineSettings({
  learningRate: schedule(0.001, 'Step size of each round'),
  beta1: decay(0.9, 'Decay factor of the running mean of the gradient'),
  beta2: decay(0.999, 'Decay factor of the running mean of its square'),
  epsilon: positive(1e-8, 'Added to the root of the second moment'),
  warmupRounds: count(20, 'Rounds of ordinary Adam, uncompressed, before the variance is frozen'),
  batchSize: nullable(count(32, 'Examples of a gradient; null: all of the shard')),
});

/** x - rate m / (sqrt(v) + epsilon); an entry that never had a gradient stays where it is. */
function step(
  params: ReadonlyVector,
  momentum: ReadonlyVector,
  variance: ReadonlyVector,
  rate: number,
  epsilon: number,
) {
  const next = zerosLike(params);
  for (let i = 0; i < next.length; i++) {
    const root = Math.sqrt(variance[i]!);
    next[i] = root === 0 ? params[i]! : params[i]! - (rate * momentum[i]!) / (root + epsilon);
  }
  return next;
}

/** kept a + (1 - kept) b */
function blend(kept: number, a: ReadonlyVector, b: ReadonlyVector): Vector {
  const next = zerosLike(a);
  for (let i = 0; i < next.length; i++) next[i] = kept * a[i]! + (1 - kept) * b[i]!;
  return next;
}

export default defineMethod({
  name: 'one-bit-adam',
  paper: {
    title: "1-bit Adam: Communication Efficient Large-Scale Training with Adam's Convergence Speed",
    url: 'https://arxiv.org/abs/2102.02888',
    algorithm: "Algorithm 1 with a server; the codec of the compressed stage is the scenario's",
    reconstruction: 'server form; a client that missed a round is sent the whole state; entries of zero variance stay',
  },
  settings,
  messages: {
    /** To clients without up-to-date copies: in the warm-up, to all. */
    model: { from: 'coordinator', to: 'cohort', vectors: ['params', 'momentum', 'variance'] },
    /** The compressed mean momentum, to all others. */
    average: { from: 'coordinator', to: 'cohort', vectors: ['momentum'], lossy: 'contractive', memory: 'method' },
    gradient: { from: 'clients', to: 'coordinator', vectors: ['gradient'] },
    momentum: { from: 'clients', to: 'coordinator', vectors: ['momentum'], lossy: 'contractive', memory: 'method' },
  },
  client: ({ hyperparameters }) => {
    const { learningRate, beta1, epsilon, warmupRounds, batchSize } = hyperparameters;
    const rateAt = scheduleOf(learningRate);
    return {
      init: ({ initialParams }): Client => ({
        params: null,
        momentum: zerosLike(initialParams),
        variance: zerosLike(initialParams),
        error: zerosLike(initialParams),
      }),
      async round(state, at): Promise<Client> {
        const [model] = await at.take('model');
        const [average] = await at.take('average');
        const { exampleCount } = at.objective;
        let { params, momentum, variance } = state;
        if (model) ({ params, momentum, variance } = ownCopy(model, 'params', 'momentum', 'variance'));
        else if (average && params) {
          // The step that the server took: m = C(mean m + e), x = x - rate m / (sqrt(v) + epsilon)
          momentum = copy(average.momentum);
          params = step(params, momentum, variance, rateAt(at.index - 1), epsilon);
        } else return { ...state, params: null };
        if (exampleCount === 0) return { ...state, params: null };
        const gradient = await at.objective.gradient(params, at.rng.batch(exampleCount, batchSize ?? exampleCount));
        if (at.index < warmupRounds) {
          at.post('gradient', 'coordinator', { gradient });
          return { params, momentum, variance, error: state.error };
        }
        // m_i = beta1 m + (1 - beta1) g_i;  C(m_i + e_i) is sent;  e_i = m_i + e_i - C(m_i + e_i)
        const wanted = add(blend(beta1, momentum, gradient), state.error);
        const posted = at.post('momentum', 'coordinator', { momentum: wanted });
        return { params, momentum, variance, error: subtract(wanted, posted.momentum) };
      },
    };
  },
  coordinator: ({ hyperparameters }) => {
    const { learningRate, beta1, beta2, epsilon, warmupRounds } = hyperparameters;
    const rateAt = scheduleOf(learningRate);
    return {
      init: ({ initialParams }): Server => ({
        params: initialParams,
        momentum: zerosLike(initialParams),
        variance: zerosLike(initialParams),
        error: zerosLike(initialParams),
        average: null,
        synchronized: [],
      }),
      async round(state, at): Promise<Server> {
        let { params, momentum, error } = state;
        // In and right after the warm-up nothing moves a copy on: all get the whole state.
        const { current, behind } = copyHolders(at.cohort, state.average ? state.synchronized : []);
        if (state.average) {
          const wanted = add(state.average, error);
          const posted = at.post('average', current, { momentum: wanted });
          momentum = copy(posted.momentum);
          error = subtract(wanted, momentum);
          params = step(params, momentum, state.variance, rateAt(at.index - 1), epsilon);
        } else at.post('average', [], { momentum });
        at.post('model', behind, { params, momentum, variance: state.variance });
        const mean = new WeightedMean();
        if (at.index < warmupRounds) {
          for await (const { gradient } of at.stream('gradient')) mean.add(1, gradient);
          if (mean.weight === 0) return state;
          const gradient = mean.value();
          const next = blend(beta1, momentum, gradient);
          const squares = gradient.map((g) => g * g) as Vector;
          const variance = blend(beta2, state.variance, squares);
          const moved = step(params, next, variance, rateAt(at.index), epsilon);
          return { ...state, params: moved, momentum: next, variance };
        }
        const received: ClientIndex[] = [];
        for await (const message of at.stream('momentum')) {
          mean.add(1, message.momentum);
          received.push(message.from as ClientIndex);
        }
        const average = mean.weight > 0 ? mean.value() : null;
        return { params, momentum, variance: state.variance, error, average, synchronized: received };
      },
      estimates: ({ params }) => [params],
    };
  },
});
