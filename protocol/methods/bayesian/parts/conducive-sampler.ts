import type { ClientRound, CoordinatorRound, LogPosterior } from '../../../method.js';
import type { SettingsOf } from '../../../settings/settings.js';
import { startsOfChains } from './chains.js';
import {
  conduciveDrift,
  exchangeSurrogates,
  multiplySurrogates,
  SURROGATE_MESSAGES,
  type Surrogates,
} from './conducive.js';
import { conduciveSettings } from './conducive-settings.js';
import { coordinateVisits } from './coordinate-visits.js';
import { hostVisits, sendSize } from './host-visits.js';
import type { Kernel } from './kernels.js';
import { followToMode, leadToMode, MODE_MESSAGES, sharedModeSettings } from './shared-mode.js';
import { type TravellingChains, VISIT_MESSAGES, visitSettings } from './visits.js';

/** Travelling chains with conducive gradients: settings, messages and rounds of FSGLD and of what else steps along them. */

export const conduciveVisitSettings = visitSettings.with({ ...conduciveSettings, ...sharedModeSettings });
export type ConduciveVisitSettings = SettingsOf<typeof conduciveVisitSettings>;

export const CONDUCIVE_VISIT_MESSAGES = { ...VISIT_MESSAGES, ...SURROGATE_MESSAGES, ...MODE_MESSAGES } as const;
type Messages = typeof CONDUCIVE_VISIT_MESSAGES;

/** A client: null until it knows the product of all surrogates; without weight it needs none. */
export async function hostConduciveVisits(
  known: Readonly<Surrogates> | null,
  at: ClientRound<ConduciveVisitSettings, Messages, LogPosterior>,
  kernel: Kernel,
): Promise<Surrogates | null> {
  const { conduciveWeight, surrogatePoint } = at.hyperparameters;
  if (at.index === 0) sendSize(at);
  const mode = at.index === 0 && surrogatePoint === 'posterior' ? await followToMode(at) : null;
  if (conduciveWeight === 0) {
    await hostVisits(at, kernel, null);
    return null;
  }
  const surrogates = at.index === 0 ? await exchangeSurrogates(at, mode) : known;
  if (surrogates) await hostVisits(at, kernel, conduciveDrift(surrogates, at.hyperparameters));
  return surrogates;
}

export async function coordinateConduciveVisits(
  chains: Readonly<TravellingChains>,
  at: CoordinatorRound<ConduciveVisitSettings, Messages>,
): Promise<TravellingChains> {
  if (at.index > 0) return coordinateVisits(chains, at);
  const { conduciveWeight, surrogatePoint } = at.hyperparameters;
  const started = surrogatePoint === 'posterior' ? await startAtMode(chains, at) : chains;
  if (conduciveWeight > 0) await multiplySurrogates(at);
  return coordinateVisits(started, at);
}

/** The walk to the mode begins where the first chain would have. */
async function startAtMode(
  chains: Readonly<TravellingChains>,
  at: CoordinatorRound<ConduciveVisitSettings, Messages>,
): Promise<TravellingChains> {
  const first = chains.states[0]!;
  const d = at.zeros().length;
  const mode = await leadToMode(first.subarray(0, d), at);
  const setup = { hyperparameters: at.hyperparameters, initialParams: mode, shared: at.shared };
  return { ...chains, states: startsOfChains(setup, first.length / d - 1) };
}
