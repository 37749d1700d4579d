import type { ClientIndex, PartyId } from '../method.js';
import type { ClientSelector, Direction, FaultInput, JsonObject, PartySelector } from './scenario.js';

/**
 * Faults as plain data: each function returns exactly what could be written as JSON. A fault is what fails;
 * `during`, `at` and `always` set the rounds.
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

/**
 * Losses in bursts (Gilbert-Elliott): each directed link is good or bad for whole rounds. `lossInGood` (0) and `lossInBad` (1):
 * probability that a frame is lost. Long-run share of bad rounds: goodToBad / (goodToBad + badToGood).
 */
export function burstLoss(
  settings: MessageFilter & {
    readonly goodToBad: number;
    readonly badToGood: number;
    readonly lossInGood?: number;
    readonly lossInBad?: number;
  },
): Fault {
  return { ...settings, fault: 'burst-loss' };
}

/** Each undirected edge between clients is down in both directions for a whole round, with this probability. */
export function symmetricDrop(settings: { readonly probability: number }): Fault {
  return { ...settings, fault: 'symmetric-drop' };
}

interface Noise {
  /** 'gaussian' by default. */
  readonly distribution?: 'gaussian' | 'laplace' | 'student-t';
  /** Of each number, whatever the distribution; 0: only relative noise. */
  readonly stddev: number;
  /** c: each number's variance grows by c |value|^2 / length. */
  readonly relativeVariance?: number;
  /** Of Student's t: above 2; 2.5 by default. */
  readonly degreesOfFreedom?: number;
}

/** Noise on every number that arrives, drawn for each link after decoding. */
export function channelNoise(settings: MessageFilter & Noise): Fault {
  return { ...settings, fault: 'channel-noise' };
}

/** Noise that the sender adds before encoding, the same for all receivers of a post. The privacy ledger does not count it. */
export function broadcastNoise(settings: Omit<MessageFilter, 'receivers'> & Noise): Fault {
  return { ...settings, fault: 'broadcast-noise' };
}

/**
 * Numbers are rounded at random, without bias, to multiples of `step`. `per`: 'post' (the default), the same for all receivers
 * of a post; 'link', for each receiver on its own.
 */
export function probabilisticQuantiser(
  settings: MessageFilter & { readonly step: number; readonly per?: 'post' | 'link' },
): Fault {
  return { ...settings, fault: 'probabilistic-quantiser' };
}

/**
 * Clients come and go for whole rounds: a two-state Markov chain for each, with on-share offToOn / (onToOff + offToOn) and a mean
 * on-time of 1 / onToOff rounds.
 */
export function availability(settings: {
  readonly clients?: ClientSelector;
  readonly onToOff: number;
  readonly offToOn: number;
}): Fault {
  return { ...settings, fault: 'availability' };
}

/** Each client takes part in each round independently with this probability. */
export function bernoulliAvailability(settings: {
  readonly clients?: ClientSelector;
  readonly probability: number;
}): Fault {
  const { probability, ...rest } = settings;
  return availability({ ...rest, onToOff: 1 - probability, offToOn: probability });
}

/** Byzantine senders: every vector of the messages that match is multiplied by `factor` before it is encoded. */
export function scale(settings: Omit<MessageFilter, 'receivers'> & { readonly factor: number }): Fault {
  return { ...settings, fault: 'scale' };
}

/** The clients' devices take `factor` times as long. */
export function slow(settings: { readonly clients: ClientSelector; readonly factor: number }): Fault {
  return { ...settings, fault: 'slow' };
}

/**
 * These clients send what the attack forges from all that the honest send: `byzantine({ clients: [0, 1], attack: 'sign-flip' })`.
 * `kind` left out: every kind with vectors.
 */
export function byzantine(settings: {
  readonly clients: ClientSelector;
  readonly attack: string | ({ readonly name: string } & JsonObject);
  readonly kind?: string | null;
}): Fault {
  return { ...settings, fault: 'byzantine' };
}

/**
 * Clients do not take part for `downRounds` rounds from the rule's first round (left out: as long as the rule lasts).
 * `memory`: they come back with the state they had, or restart from `init`.
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

/** No frame passes between parties of different groups. A party in no group reaches all parties. */
export function partition(...groups: readonly (readonly PartyId[])[]): Fault {
  return { fault: 'partition', groups };
}
