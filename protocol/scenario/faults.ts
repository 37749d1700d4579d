import type { ClientIndex, PartyId } from '../method.js';
import type { ClientSelector, Direction, FaultInput, JsonObject, PartySelector } from './scenario.js';

/**
 * Faults as plain data: each function returns exactly what a person could have written as JSON. A fault says what goes
 * wrong; `during`, `at` and `always` say when.
 */

export type Fault = { readonly fault: string } & JsonObject;

/** Which messages a rule looks at; every part left out matches everything. */
export interface MessageFilter {
  readonly kind?: string | null;
  readonly direction?: Direction;
  readonly senders?: PartySelector;
  readonly receivers?: PartySelector;
}

type Chance = MessageFilter & { /** For each frame, in [0, 1]. */ readonly probability: number };

/** In the rounds from <= round < until. */
export function during(from: number, until: number, fault: Fault): FaultInput {
  return { ...fault, from, until };
}

/** In this one round. A crash begins there and lasts its `downRounds`. */
export function at(round: number, fault: Fault): FaultInput {
  return { ...fault, from: round, until: round + 1 };
}

/** In every round. */
export function always(fault: Fault): FaultInput {
  return { ...fault };
}

/** The frame is lost; of a kind with `losable: 'no'` it is sent again, which makes it late. */
export function drop(settings: Chance): Fault {
  return { ...settings, fault: 'drop' };
}

/** The frame arrives twice. */
export function duplicate(settings: Chance): Fault {
  return { ...settings, fault: 'duplicate' };
}

/** One bit of the frame is flipped. */
export function corrupt(settings: Chance): Fault {
  return { ...settings, fault: 'corrupt' };
}

/** The frame arrives `delayMs` later, plus a uniform share of `jitterMs`. `probability` left out: every frame. */
export function delay(
  settings: MessageFilter & { readonly delayMs: number; readonly jitterMs?: number; readonly probability?: number },
): Fault {
  return { ...settings, fault: 'delay' };
}

/** Gaussian noise on every number that arrives, drawn for each link after decoding. */
export function channelNoise(settings: MessageFilter & { readonly stddev: number }): Fault {
  return { ...settings, fault: 'channel-noise' };
}

/**
 * Clients do not take part for `downRounds` rounds from the rule's first round (left out: as long as the rule lasts).
 * `memory`: they come back with the state they had, or start anew.
 */
export function crash(
  settings: ({ readonly client: ClientIndex } | { readonly clients: ClientSelector }) & {
    readonly downRounds?: number;
    readonly memory?: 'kept' | 'lost';
  },
): Fault {
  const { downRounds, memory } = settings;
  return {
    fault: 'crash',
    clients: 'client' in settings ? [settings.client] : settings.clients,
    ...(downRounds === undefined ? {} : { downRounds }),
    ...(memory === undefined ? {} : { memory }),
  };
}

/** No frame passes between parties of different groups. A party in no group reaches everybody. */
export function partition(...groups: readonly (readonly PartyId[])[]): Fault {
  return { fault: 'partition', groups };
}
