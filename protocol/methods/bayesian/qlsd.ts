import { defineSampler } from '../../method.js';
import { FORMER_QLSD_CLIENT, formerQlsdMemories } from '../parts/former-state.js';
import { energyGradient } from './parts/energy-gradient.js';
import { ofOneChain, type ServedChains, startServed } from './parts/served-chains.js';
import {
  answerSteps,
  type ChainAnswer,
  GradientSums,
  ServedWalk,
  walkCohort,
  walkSettings,
} from './parts/served-walk.js';

export default defineSampler({
  name: 'qlsd',
  paper: {
    title: 'QLSD: Quantised Langevin Stochastic Dynamics for Bayesian Federated Learning',
    url: 'https://arxiv.org/abs/2106.00797',
    algorithm: 'QLSD',
    reconstruction: "The recursion is that of the authors' code, the names are not checked against the paper.",
  },
  settings: walkSettings,
  messages: {
    /** All chains, one after the other. */
    positions: { from: 'coordinator', to: 'cohort', vectors: ['positions'], otherLengths: ['positions'] },
    gradient: {
      from: 'clients',
      to: 'coordinator',
      vectors: ['gradient'],
      scalars: ['chain'],
      lossy: 'unbiased',
      memory: 'method',
      fits: ofOneChain,
    },
  },
  cohort: (_state, { hyperparameters, ...round }) => walkCohort(hyperparameters, round),
  client: ({ hyperparameters }) => ({
    init: () => null,
    digested: () => FORMER_QLSD_CLIENT,
    async round(state, at) {
      await answerSteps<ChainAnswer>(at, hyperparameters, async (chain, position, batch) => ({
        // C(grad U_i(theta)): the codec of `gradient` is C
        gradient: await energyGradient(at.objective, position, batch, at.clientCount),
        chain,
      }));
      return state;
    },
  }),
  coordinator: ({ hyperparameters, clientCount, parameterCount }) => {
    const { stepsPerRound, chains } = hyperparameters;
    const former = { referenceRound: -1, referenceSums: [], memories: formerQlsdMemories(clientCount) };
    return {
      init: (setup): ServedChains => startServed(setup),
      async round(before, at): Promise<ServedChains> {
        const walk = new ServedWalk(before, at, hyperparameters);
        for (let step = 0; step < stepsPerRound; step++) {
          at.post('positions', at.cohort, { positions: walk.joined() });
          const sums = new GradientSums(chains, parameterCount);
          for (const { chain, gradient } of await at.take('gradient')) sums.add(chain, gradient);
          // theta <- theta - (h/2) (b / |A|) sum over the chain's A of C(grad U_i) + N(0, h I)
          walk.step(sums.estimates(clientCount));
        }
        return walk.finish();
      },
      estimates: ({ positions }) => positions,
      draws: ({ draws }) => draws,
      digested: (state) => ({ ...state, ...former }),
    };
  },
});
