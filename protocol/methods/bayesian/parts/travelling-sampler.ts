import type { ClientRound, CoordinatorRound, LogPosterior, RunConstants, Setup } from '../../../method.js';
import { startsOfChains } from './chains.js';
import type { Surrogates } from './conducive.js';
import {
  CONDUCIVE_VISIT_MESSAGES,
  type ConduciveVisitSettings,
  coordinateConduciveVisits,
  hostConduciveVisits,
} from './conducive-sampler.js';
import type { Kernel } from './kernels.js';
import { startTravelling, type TravellingChains, VISIT_MEASURES, visitCohort } from './visits.js';

type Messages = typeof CONDUCIVE_VISIT_MESSAGES;

/**
 * The parts of a sampler whose chains travel from shard to shard with conducive gradients, but for its step: messages, cohort
 * and both halves. `stepOf` makes the step from the settings; `drift` is there what `ShardDrift` estimates on the shard that
 * the chain visits.
 */
export function travellingSampler<H extends ConduciveVisitSettings>(stepOf: (settings: H) => Kernel) {
  return {
    measures: [...VISIT_MEASURES, 'modeSlope'],
    messages: CONDUCIVE_VISIT_MESSAGES,
    cohort: visitCohort,
    client: ({ hyperparameters }: RunConstants<H>) => {
      const step = stepOf(hyperparameters);
      return {
        init: (): Surrogates | null => null,
        round: (surrogates: Readonly<Surrogates> | null, at: ClientRound<H, Messages, LogPosterior>) =>
          hostConduciveVisits(surrogates, at, step),
      };
    },
    coordinator: ({ hyperparameters }: RunConstants<H>) => {
      const { auxiliaryVectors } = stepOf(hyperparameters);
      return {
        init: (setup: Setup<H>): TravellingChains =>
          startTravelling(startsOfChains(setup, auxiliaryVectors), setup.clientCount),
        round: (chains: Readonly<TravellingChains>, at: CoordinatorRound<H, Messages>) =>
          coordinateConduciveVisits(chains, at),
        // What a chain carries beside its position (momentum, preconditioner) follows it.
        estimates: ({ states }: Readonly<TravellingChains>) =>
          states.map((state) => state.subarray(0, state.length / (1 + auxiliaryVectors))),
        draws: ({ draws }: Readonly<TravellingChains>) => draws,
      };
    },
  };
}
