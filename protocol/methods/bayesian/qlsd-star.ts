import { allClients, defineSampler } from '../../method.js';
import { formerQlsdMemories } from '../parts/former-state.js';
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

type Server = ServedChains & ServerReference;

/** The reference is where each chain is in the first round, which does nothing else. */
const setsReference = (round: number): boolean => round === 0;

export default defineSampler({
  name: 'qlsd-star',
  paper: {
    title: 'QLSD: Quantised Langevin Stochastic Dynamics for Bayesian Federated Learning',
    url: 'https://arxiv.org/abs/2106.00797',
    algorithm: 'QLSD*',
    reconstruction:
      "The recursion is that of the authors' code, the names are not checked against the paper. The gradient at the reference point is sent whole, so that a reference off the mode leaves no bias.",
  },
  settings: walkSettings,
  messages: referenceMessages,
  cohort: (_state, { index, hyperparameters, ...round }) =>
    setsReference(index) ? allClients(round.clientCount) : walkCohort(hyperparameters, round),
  client: ({ hyperparameters }) => ({
    init: (): ClientReference => ({ referenceRound: -1, references: [] }),
    digested: (state) => ({ ...state, memories: [] }),
    async round(state, at): Promise<ClientReference> {
      if (setsReference(at.index)) return { ...state, ...(await moveReference(at, hyperparameters.chains)) };
      const { references, referenceRound } = state;
      await answerSteps<ReferencedAnswer>(at, hyperparameters, async (chain, position, batch) => ({
        // C(grad U_i(theta) - grad U_i(theta*)) on one batch: the codec of `gradient` is C
        gradient: await referencedGradient(at.objective, position, references[chain], batch, at.clientCount),
        chain,
        referenceRound,
      }));
      return state;
    },
  }),
  coordinator: ({ hyperparameters, clientCount, parameterCount }) => {
    const { stepsPerRound, chains } = hyperparameters;
    const former = { memories: formerQlsdMemories(clientCount) };
    return {
      init: (setup): Server => ({ ...startServed(setup), referenceRound: -1, referenceSums: [] }),
      async round(before, at): Promise<Server> {
        if (setsReference(at.index)) return { ...before, draws: [], ...(await collectReference(at, before.positions)) };
        const walk = new ServedWalk(before, at, hyperparameters);
        for (let step = 0; step < stepsPerRound; step++) {
          at.post('positions', at.cohort, { positions: walk.joined() });
          const sums = new GradientSums(chains, parameterCount);
          // A client that missed the first round has no reference point.
          for (const { chain, gradient, referenceRound } of await at.take('gradient'))
            if (referenceRound === before.referenceRound) sums.add(chain, gradient);
          // theta <- theta - (h/2) ((b / |A|) sum over A of C(...) + sum of all grad U_i(theta*)) + N(0, h I)
          walk.step(sums.estimates(clientCount, before.referenceSums));
        }
        return { ...before, ...walk.finish() };
      },
      estimates: ({ positions }) => positions,
      draws: ({ draws }) => draws,
      digested: (state) => ({ ...state, ...former }),
    };
  },
});
