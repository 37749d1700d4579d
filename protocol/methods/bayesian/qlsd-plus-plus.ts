import { allClients, type ClientIndex, defineSampler, type ReadonlyVector, type Vector } from '../../method.js';
import { addScaled, copy, subtract, zerosLike } from '../../numerics/vector.js';
import { count, probability } from '../../settings/kinds.js';
import type { SettingsOf } from '../../settings/settings.js';
import {
  type ClientReference,
  collectReference,
  moveReference,
  type ReferencedAnswer,
  referencedGradient,
  referenceMessages,
  type ServerReference,
} from './parts/reference-points.js';
import { type ServedChains, startServed } from './parts/served-chains.js';
import { answerSteps, GradientSums, ServedWalk, walkCohort, walkSettings } from './parts/served-walk.js';

const settings = walkSettings
  .with({
    referencePeriod: count(
      100,
      'Rounds of steps between two rounds that move the reference points to where the chains are, and do nothing else',
    ),
    memoryRate: probability(
      0,
      'a in e <- e + a C(h - e), the memory of what was sent; 0: no memory. 1 / (w + 1) for a codec of variance factor w',
    ),
  })
  .and(({ memoryRate, stepsPerRound }) =>
    memoryRate > 0 && stepsPerRound > 1
      ? { at: 'stepsPerRound', expected: '1 with a memory, which both sides change once a round' }
      : null,
  );
type Settings = SettingsOf<typeof settings>;

interface Client extends ClientReference {
  /** e of each chain; empty: no memory. */
  readonly memories: readonly Vector[];
}

interface Server extends ServedChains, ServerReference {
  /** e of each client, all chains one after the other, by client; null: nothing received yet. */
  readonly memories: readonly (Vector | null)[];
}

function movesReference({ referencePeriod }: Settings, round: number): boolean {
  return round % (referencePeriod + 1) === 0;
}

/** e <- e + a C(h - e) of one chain, in a copy of a client's memories of all chains. */
function remember(known: ReadonlyVector, chain: number, rate: number, received: ReadonlyVector): Vector {
  const next = copy(known);
  for (let i = 0, at = chain * received.length; i < received.length; i++, at++)
    next[at] = known[at]! + rate * received[i]!;
  return next;
}

export default defineSampler({
  name: 'qlsd-plus-plus',
  paper: {
    title: 'QLSD: Quantised Langevin Stochastic Dynamics for Bayesian Federated Learning',
    url: 'https://arxiv.org/abs/2106.00797',
    algorithm: 'QLSD++',
    reconstruction:
      "The recursion is that of the authors' code, the names are not checked against the paper. The gradient at the reference point is sent whole, so that a reference off the mode leaves no bias; memories are kept a client and chain.",
  },
  settings,
  messages: referenceMessages,
  cohort: (_state, { index, hyperparameters, ...round }) =>
    movesReference(hyperparameters, index) ? allClients(round.clientCount) : walkCohort(hyperparameters, round),
  client: ({ hyperparameters }) => {
    const { chains, memoryRate } = hyperparameters;
    return {
      init: ({ initialParams }): Client => ({
        referenceRound: -1,
        references: [],
        memories: memoryRate > 0 ? Array.from({ length: chains }, () => zerosLike(initialParams)) : [],
      }),
      async round(state, at): Promise<Client> {
        if (movesReference(hyperparameters, at.index)) return { ...state, ...(await moveReference(at, chains)) };
        const { references, referenceRound } = state;
        const sent = await answerSteps<ReferencedAnswer>(at, hyperparameters, async (chain, position, batch) => {
          // h = grad U_i(theta) - grad U_i(reference) on one batch; C(h - e) is sent: the codec of `gradient` is C
          const h = await referencedGradient(at.objective, position, references[chain], batch, at.clientCount);
          return { gradient: memoryRate > 0 ? subtract(h, state.memories[chain]!) : h, chain, referenceRound };
        });
        const memories = [...state.memories];
        if (memoryRate > 0)
          for (const { chain, gradient } of sent) memories[chain] = addScaled(memories[chain]!, memoryRate, gradient);
        return { references, referenceRound, memories };
      },
    };
  },
  coordinator: ({ hyperparameters, clientCount, parameterCount: d }) => {
    const { stepsPerRound, chains, memoryRate } = hyperparameters;
    return {
      init: (setup): Server => ({
        ...startServed(setup),
        referenceRound: -1,
        referenceSums: [],
        memories: new Array<null>(clientCount).fill(null),
      }),
      async round(before, at): Promise<Server> {
        if (movesReference(hyperparameters, at.index))
          return { ...before, draws: [], ...(await collectReference(at, before.positions)) };
        const walk = new ServedWalk(before, at, hyperparameters);
        const memories = [...before.memories];
        for (let step = 0; step < stepsPerRound; step++) {
          at.post('positions', at.cohort, { positions: walk.joined() });
          const sums = new GradientSums(chains, d);
          for (const { from, chain, gradient, referenceRound } of await at.take('gradient')) {
            // A client that missed the last move of the reference refers to a stale point.
            if (referenceRound !== before.referenceRound) continue;
            if (memoryRate === 0) sums.add(chain, gradient);
            else {
              const known = memories[from as ClientIndex] ?? at.zeros(chains * d);
              sums.add(chain, gradient, known.subarray(chain * d, (chain + 1) * d));
              memories[from as ClientIndex] = remember(known, chain, memoryRate, gradient);
            }
          }
          // theta <- theta - (h/2) ((b / |A|) sum over A of (C(h_i - e_i) + e_i) + sum of all grad U_i(reference)) + N(0, h I)
          walk.step(sums.estimates(clientCount, before.referenceSums));
        }
        return { ...before, ...walk.finish(), memories };
      },
      estimates: ({ positions }) => positions,
      draws: ({ draws }) => draws,
    };
  },
});
