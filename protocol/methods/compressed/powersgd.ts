import {
  type ClientIndex,
  defineMethod,
  type ReadonlyVector,
  type Rng,
  type RunConstants,
  type Vector,
} from '../../method.js';
import { add, copy, subtract, zerosLike } from '../../numerics/vector.js';
import { schedule, scheduleOf } from '../../schedules/schedule.js';
import { count, decay, flag, positive } from '../../settings/kinds.js';
import { nullable } from '../../settings/setting.js';
import { defineSettings, type SettingsOf } from '../../settings/settings.js';
import { ofLengths } from '../parts/fits.js';
import { WeightedMean } from '../parts/weighted-mean.js';
import {
  type LowRankLayout,
  lowRankLayout,
  orthonormalColumns,
  reconstruct,
  restOf,
  timesLeft,
  timesRight,
} from './parts/low-rank.js';
import { copyHolders, ownCopy } from './parts/replicated-state.js';

/** The replicated state: the server's, and the copies of all current clients. */
interface Common {
  readonly params: Vector;
  readonly momentum: Vector;
  /** Q of all matrices, with which the next round begins. */
  readonly basis: Vector;
}
interface Client {
  /** This client's copy; null: the server has to send it. */
  readonly common: Common | null;
  /** What low rank left out of this client's gradients so far. */
  readonly error: Vector;
}
interface Server extends Common {
  /** Clients whose copy is current, ascending. */
  readonly synchronized: readonly ClientIndex[];
}

const settings = defineSettings({
  learningRate: schedule(0.1, 'Step size of each round'),
  momentum: decay(0.9, 'Decay factor of the velocity'),
  rank: count(2, 'Columns of the two factors of a tensor'),
  leastRatio: positive(
    2,
    'A tensor travels whole unless that takes more than this times the numbers of its two factors',
  ),
  warmStart: flag(true, "Begin each round with the last round's Q; otherwise with a random one"),
  batchSize: nullable(count(32, 'Examples of a gradient; null: all of the shard')),
});

type Settings = SettingsOf<typeof settings>;

/** Momentum after decompression: m = lambda m + g, x = x - rate (g + m). */
function advance(common: Common, gradient: ReadonlyVector, basis: Vector, rate: number, decay: number): Common {
  const momentum = zerosLike(common.momentum);
  const params = zerosLike(common.params);
  for (let i = 0; i < params.length; i++) {
    momentum[i] = decay * common.momentum[i]! + gradient[i]!;
    params[i] = common.params[i]! - rate * (gradient[i]! + momentum[i]!);
  }
  return { params, momentum, basis };
}

function layoutOf({ segments, hyperparameters: { rank, leastRatio } }: RunConstants<Settings>): LowRankLayout {
  return lowRankLayout(segments, rank, leastRatio);
}

function basisOf(common: Common, warmStart: boolean, { rightLength }: LowRankLayout, shared: Rng): ReadonlyVector {
  return warmStart ? common.basis : shared.derive('powersgd', 'basis').normal(rightLength);
}

export default defineMethod({
  name: 'powersgd',
  paper: {
    title: 'PowerSGD: Practical Low-Rank Gradient Compression for Distributed Optimization',
    url: 'https://arxiv.org/abs/1905.13727',
    algorithm: 'Algorithms 1 and 2 with a server in the place of the all-reduce',
    reconstruction:
      'the order of momentum and step is reconstructed, not checked against the paper; a client that missed a message is sent the whole state',
  },
  settings,
  messages: {
    /** To clients that are not up to date. */
    model: { from: 'coordinator', to: 'cohort', vectors: ['params', 'momentum', 'basis'], otherLengths: ['basis'] },
    left: {
      from: 'clients',
      to: 'coordinator',
      vectors: ['p'],
      otherLengths: ['p'],
      memory: 'method',
      most: 1,
      fits: ofLengths((run) => ({ p: layoutOf(run).leftLength })),
    },
    'left-mean': { from: 'coordinator', to: 'cohort', vectors: ['p'], otherLengths: ['p'] },
    right: {
      from: 'clients',
      to: 'coordinator',
      vectors: ['q', 'rest'],
      otherLengths: ['q', 'rest'],
      memory: 'method',
      most: 1,
      fits: ofLengths((run) => ({ q: layoutOf(run).rightLength, rest: layoutOf(run).restLength })),
    },
    'right-mean': { from: 'coordinator', to: 'cohort', vectors: ['q', 'rest'], otherLengths: ['q', 'rest'] },
  },
  client: ({ hyperparameters, segments }) => {
    const { learningRate, momentum: decayFactor, rank, leastRatio, warmStart, batchSize } = hyperparameters;
    const layout = lowRankLayout(segments, rank, leastRatio);
    const rateAt = scheduleOf(learningRate);
    return {
      init: ({ initialParams }): Client => ({ common: null, error: zerosLike(initialParams) }),
      async round({ common, error }, at): Promise<Client> {
        const [model] = await at.take('model');
        const { exampleCount } = at.objective;
        const known: Common | null = model ? ownCopy(model, 'params', 'momentum', 'basis') : common;
        if (!known || exampleCount === 0) return { common: null, error };
        const batch = at.rng.batch(exampleCount, batchSize ?? exampleCount);
        // M = gradient + e;  P = M Q
        const wanted = add(await at.objective.gradient(known.params, batch), error);
        const basis = basisOf(known, warmStart, layout, at.shared);
        at.post('left', 'coordinator', { p: timesRight(layout, wanted, basis, at.zeros(layout.leftLength)) });
        const [left] = await at.take('left-mean');
        // A client that missed P skips the rest of the round: the server does not wait for it.
        if (!left) return { common: null, error };
        // Q = M^T P, with P the orthonormal columns of the mean
        at.post('right', 'coordinator', {
          q: timesLeft(layout, wanted, left.p, at.zeros(layout.rightLength)),
          rest: restOf(layout, wanted, at.zeros(layout.restLength)),
        });
        const [right] = await at.take('right-mean');
        if (!right) return { common: null, error };
        // g = P Q^T of the mean Q;  e = M - P Q^T
        const gradient = reconstruct(layout, left.p, right.q, right.rest, wanted);
        // What is sent whole has no error: its part of `wanted` is removed as sent.
        const rest = restOf(layout, wanted, at.zeros(layout.restLength));
        const sent = reconstruct(layout, left.p, right.q, rest, wanted);
        return {
          common: advance(known, gradient, copy(right.q), rateAt(at.index), decayFactor),
          error: subtract(wanted, sent),
        };
      },
    };
  },
  coordinator: ({ hyperparameters, segments }) => {
    const { learningRate, momentum: decayFactor, rank, leastRatio } = hyperparameters;
    const layout = lowRankLayout(segments, rank, leastRatio);
    const rateAt = scheduleOf(learningRate);
    return {
      init: ({ initialParams, shared }): Server => ({
        params: initialParams,
        momentum: zerosLike(initialParams),
        basis: shared.derive('powersgd', 'basis').normal(layout.rightLength),
        synchronized: [],
      }),
      async round(state, at): Promise<Server> {
        const { params, momentum, basis, synchronized } = state;
        at.post('model', copyHolders(at.cohort, synchronized).behind, { params, momentum, basis });
        const left = new WeightedMean();
        const begun: ClientIndex[] = [];
        for await (const { p, from } of at.stream('left')) {
          left.add(1, p);
          begun.push(from as ClientIndex);
        }
        const p = begun.length > 0 ? orthonormalColumns(layout, left.value()) : at.zeros(layout.leftLength);
        at.post('left-mean', begun, { p });
        // Over the clients that answer: P P^T times the mean of their matrices, whatever clients determined P.
        const right = new WeightedMean();
        const rest = new WeightedMean();
        const done: ClientIndex[] = [];
        for await (const message of at.stream('right')) {
          right.add(1, message.q);
          rest.add(1, message.rest);
          done.push(message.from as ClientIndex);
        }
        if (done.length === 0) {
          at.post('right-mean', [], { q: basis, rest: at.zeros(layout.restLength) });
          return { ...state, synchronized: [] };
        }
        const means = { q: right.value(), rest: rest.value() };
        at.post('right-mean', done, means);
        const gradient = reconstruct(layout, p, means.q, means.rest, params);
        return { ...advance(state, gradient, means.q, rateAt(at.index), decayFactor), synchronized: done };
      },
      estimates: ({ params }) => [params],
    };
  },
});
