import { GradswarmError } from '../../errors.js';
import { type ClientIndex, defineSampler, type LogPosterior, type ReadonlyVector, type Vector } from '../../method.js';
import { requireCount, requireNonNegative, requireOneOf, requirePositive } from '../../numerics/settings.js';
import { accumulate, addScaled, copy, subtract, zerosLike } from '../../numerics/vector.js';
import { type ChainSettings, chainDefaults, checkChains } from './parts/chains.js';
import { langevin } from './parts/kernels.js';
import { DrawKeeper, joined, parted, type ServedChains, startServed } from './parts/served-chains.js';
import { drawBatch, wholeShard } from './parts/shard-drift.js';

interface Settings extends ChainSettings {
  /** h: drift times h / 2, noise h. The authors write gamma = h / 2. */
  readonly stepSize: number;
  /** Examples m of a step on every client; 0: the whole shard. */
  readonly batchSize: number;
  readonly stepsPerRound: number;
  /**
   * Clients send the difference to their gradient at a reference point, whose sum the coordinator knows: 'none'; 'fixed'
   * (QLSD*), where each chain is in the first round; 'periodic' (QLSD++), where it is every `referencePeriod` rounds. Moving it takes a
   * round of its own.
   */
  readonly reference: string;
  readonly referencePeriod: number;
  /** a in e <- e + a C(h - e), the memory of what was sent; 0: no memory. 1 / (w + 1) for a codec of variance factor w. */
  readonly memoryRate: number;
  /** |A|: clients of a step, drawn without replacement; 0: all. */
  readonly participants: number;
}

const defaults: Settings = {
  stepSize: 1e-3,
  batchSize: 0,
  stepsPerRound: 1,
  reference: 'none',
  referencePeriod: 100,
  memoryRate: 0,
  participants: 0,
  ...chainDefaults,
};

interface Client {
  /** The round that set the reference points; -1: none yet. */
  readonly referenceRound: number;
  /** One entry a chain; empty: none. */
  readonly references: readonly Vector[];
  readonly memories: readonly Vector[];
}

interface Server extends ServedChains {
  readonly referenceRound: number;
  /** Sum of all clients' gradients at each chain's reference point; empty: none. */
  readonly referenceSums: readonly Vector[];
  /** What each client remembers, all chains one after the other, by client; null: never heard. */
  readonly memories: readonly (Vector | null)[];
}

/** Does this round move the reference points, and do nothing else? */
function movesReference({ reference, referencePeriod }: Settings, round: number): boolean {
  return reference === 'periodic' ? round % (referencePeriod + 1) === 0 : reference === 'fixed' && round === 0;
}

/** Gradient of U_i = -ln p(x_i | theta) - ln p(theta) / b, estimated on `batch`, into a new vector. */
async function energyGradient(
  objective: LogPosterior,
  position: ReadonlyVector,
  batch: Uint32Array,
  clientCount: number,
): Promise<Vector> {
  const answer = objective.gradient(position, batch);
  const gradient = answer instanceof Promise ? await answer : answer;
  const prior = objective.priorGradient(position);
  for (let i = 0; i < gradient.length; i++)
    gradient[i] = objective.exampleCount * gradient[i]! - prior[i]! / clientCount;
  return gradient;
}

export default defineSampler({
  name: 'qlsd',
  paper: {
    title: 'QLSD: Quantised Langevin Stochastic Dynamics for Bayesian Federated Learning',
    url: 'https://arxiv.org/abs/2106.00797',
    algorithm: 'QLSD; with a fixed reference QLSD*, with a periodic one and a memory QLSD++',
    reconstruction:
      "The recursion is that of the authors' code, the names are from memory. The gradient at the reference point is sent whole, so that a reference off the mode leaves no bias; memories are kept a client and chain.",
  },
  defaults,
  check(settings) {
    requirePositive('method.stepSize', settings.stepSize);
    if (settings.batchSize !== 0) requireCount('method.batchSize', settings.batchSize);
    requireCount('method.stepsPerRound', settings.stepsPerRound);
    requireOneOf('method.reference', settings.reference, ['none', 'fixed', 'periodic']);
    requireCount('method.referencePeriod', settings.referencePeriod);
    requireNonNegative('method.memoryRate', settings.memoryRate);
    requireNonNegative('method.participants', settings.participants);
    if (settings.memoryRate > 1)
      throw new GradswarmError('ERR_SCENARIO', `method.memoryRate: expected at most 1, got ${settings.memoryRate}`);
    if (settings.memoryRate > 0 && settings.stepsPerRound > 1)
      throw new GradswarmError(
        'ERR_SCENARIO',
        `method.stepsPerRound: expected 1 with a memory, which both sides change once a round, got ${settings.stepsPerRound}`,
      );
    checkChains(settings);
  },
  messages: {
    /** All chains, one after the other. */
    positions: { from: 'coordinator', to: 'cohort', vectors: ['positions'] },
    reference: { from: 'clients', to: 'coordinator', vectors: ['gradients'], losable: 'no' },
    gradient: {
      from: 'clients',
      to: 'coordinator',
      vectors: ['gradient'],
      scalars: ['chain', 'referenceRound'],
      lossy: 'unbiased',
      memory: 'method',
    },
  },
  client: {
    init: ({ initialParams, hyperparameters: { chains, memoryRate } }): Client => ({
      referenceRound: -1,
      references: [],
      memories: memoryRate > 0 ? Array.from({ length: chains }, () => zerosLike(initialParams)) : [],
    }),
    async round(state, at): Promise<Client> {
      const { batchSize, stepsPerRound, chains, memoryRate } = at.hyperparameters;
      const { objective, clientCount } = at;
      if (movesReference(at.hyperparameters, at.index)) {
        const [message] = await at.take('positions');
        if (!message) return state;
        const references = parted(message.positions, chains).map(copy);
        const gradients: Vector[] = [];
        for (const point of references)
          gradients.push(await energyGradient(objective, point, wholeShard(objective), clientCount));
        at.post('reference', 'coordinator', { gradients: joined(gradients, (length) => at.zeros(length)) });
        return { ...state, references, referenceRound: at.index };
      }
      const { references, referenceRound } = state;
      let { memories } = state;
      const batches = Array.from({ length: chains }, (_, chain) => at.rng.derive('chain', chain, 0));
      for (let step = 0; step < stepsPerRound; step++) {
        const [message] = await at.take('positions');
        if (!message) {
          // Nothing for this step, so that the next one is not taken for it.
          at.postEach('gradient', []);
          continue;
        }
        const parcels = [];
        for (const [chain, position] of parted(message.positions, chains).entries()) {
          const batch = drawBatch(objective, batchSize, batches[chain]!);
          let gradient = await energyGradient(objective, position, batch, clientCount);
          const reference = references[chain];
          if (reference) gradient = subtract(gradient, await energyGradient(objective, reference, batch, clientCount));
          if (memoryRate > 0) gradient = subtract(gradient, memories[chain]!);
          parcels.push({ to: 'coordinator' as const, payload: { gradient, chain, referenceRound }, stream: chain });
        }
        const sent = at.postEach('gradient', parcels);
        if (memoryRate > 0)
          memories = memories.map((memory, chain) => addScaled(memory, memoryRate, sent[chain]!.gradient));
      }
      return { references, referenceRound, memories };
    },
  },
  coordinator: {
    init: (setup): Server => ({
      ...startServed(setup),
      referenceRound: -1,
      referenceSums: [],
      memories: new Array<null>(setup.clientCount).fill(null),
    }),
    cohort(_state, { index, clientCount, hyperparameters, shared }) {
      const { participants } = hyperparameters;
      const all = participants === 0 || participants >= clientCount || movesReference(hyperparameters, index);
      if (all) return Array.from({ length: clientCount }, (_, client) => client);
      return Array.from(shared.derive('participants').batch(clientCount, participants));
    },
    async round(before, at): Promise<Server> {
      const { stepSize, stepsPerRound, chains } = at.hyperparameters;
      const zeros = (length?: number) => at.zeros(length);
      const d = zeros().length;
      if (movesReference(at.hyperparameters, at.index)) {
        at.post('positions', at.cohort, { positions: joined(before.positions, zeros) });
        const sum = zeros(chains * d);
        for await (const { gradients } of at.stream('reference')) accumulate(sum, 1, gradients);
        return { ...before, draws: [], referenceRound: at.index, referenceSums: parted(sum, chains).map(copy) };
      }
      const kernel = langevin(stepSize);
      const noise = before.positions.map((_, chain) => at.shared.derive('chain', chain, 0).normal(stepsPerRound * d));
      const keeper = new DrawKeeper(at.hyperparameters);
      const memories = [...before.memories];
      let { positions } = before;
      for (let step = 0; step < stepsPerRound; step++) {
        at.post('positions', at.cohort, { positions: joined(positions, zeros) });
        const sums = positions.map(() => new Float64Array(d));
        const received = new Uint32Array(chains);
        for (const message of await at.take('gradient')) {
          const { from, chain, gradient, referenceRound } = message;
          // A client that missed the last move of the reference speaks of another point.
          if (referenceRound !== before.referenceRound) continue;
          received[chain]!++;
          addGradient(sums[chain]!, gradient, from as ClientIndex, chain, memories, at.hyperparameters);
        }
        positions = positions.map((position, chain) => {
          if (received[chain] === 0) return position;
          const drift = zeros();
          const reference = before.referenceSums[chain];
          for (let i = 0; i < d; i++)
            drift[i] = -((at.clientCount / received[chain]!) * sums[chain]![i]! + (reference?.[i] ?? 0));
          const next = copy(position);
          kernel.step(next, drift, drift, noise[chain]!, step * d);
          return next;
        });
        keeper.keep(before.steps + step + 1, positions);
      }
      const draws = keeper.finish(zeros);
      return { ...before, positions, memories, draws, steps: before.steps + stepsPerRound };
    },
    estimates: ({ positions }) => positions,
    draws: ({ draws }) => draws,
  },
});

/** sum += C(h - e) + e, and e <- e + a C(h - e) for the client's memory of this chain. */
function addGradient(
  sum: Float64Array,
  gradient: ReadonlyVector,
  client: ClientIndex,
  chain: number,
  memories: (Vector | null)[],
  { memoryRate, chains }: Settings,
): void {
  const d = sum.length;
  for (let i = 0; i < d; i++) sum[i] = sum[i]! + gradient[i]!;
  if (memoryRate === 0) return;
  const known = memories[client] ?? zerosLike(gradient, chains * d);
  const next = copy(known);
  for (let i = 0, at = chain * d; i < d; i++, at++) {
    sum[i] = sum[i]! + known[at]!;
    next[at] = known[at]! + memoryRate * gradient[i]!;
  }
  memories[client] = next;
}
