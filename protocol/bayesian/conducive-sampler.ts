import type { ClientRound, CoordinatorRound, LogPosterior } from '../method.js';
import {
  type ConduciveSettings,
  conduciveDefaults,
  conduciveDrift,
  exchangeSurrogates,
  multiplySurrogates,
  SURROGATE_MESSAGES,
  type Surrogates,
} from './conducive.js';
import type { Kernel } from './kernels.js';
import {
  coordinateVisits,
  hostVisits,
  type TravellingChains,
  tellSize,
  VISIT_MESSAGES,
  type VisitSettings,
  visitDefaults,
} from './visits.js';

/** Travelling chains with conducive gradients: settings, messages and rounds of FSGLD and of what else steps along them. */

export type ConduciveVisitSettings = VisitSettings & ConduciveSettings;

export const conduciveVisitDefaults: ConduciveVisitSettings = { ...visitDefaults, ...conduciveDefaults };

export const CONDUCIVE_VISIT_MESSAGES = { ...VISIT_MESSAGES, ...SURROGATE_MESSAGES } as const;
type Messages = typeof CONDUCIVE_VISIT_MESSAGES;

/** A client: null until it knows the product of all surrogates; without weight it needs none. */
export async function hostConduciveVisits(
  known: Readonly<Surrogates> | null,
  at: ClientRound<ConduciveVisitSettings, Messages, LogPosterior>,
  kernel: Kernel,
): Promise<Surrogates | null> {
  const { conduciveWeight } = at.hyperparameters;
  if (at.index === 0) tellSize(at);
  if (conduciveWeight === 0) {
    await hostVisits(at, kernel, null);
    return null;
  }
  const surrogates = at.index === 0 ? await exchangeSurrogates(at) : known;
  if (surrogates) await hostVisits(at, kernel, conduciveDrift(surrogates, at.hyperparameters));
  return surrogates;
}

export async function coordinateConduciveVisits(
  chains: Readonly<TravellingChains>,
  at: CoordinatorRound<ConduciveVisitSettings, Messages>,
): Promise<TravellingChains> {
  if (at.index === 0 && at.hyperparameters.conduciveWeight > 0) await multiplySurrogates(at);
  return coordinateVisits(chains, at);
}
