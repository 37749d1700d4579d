import type { ClientIndex, Rng } from '../method.js';
import { extension } from '../settings/extension.js';
import type { Settings } from '../settings/settings.js';

/**
 * A rule that selects the clients of each round. It runs at the coordinator, beside the method's half: its state is in the
 * coordinator's record, what it learns of clients comes in messages that are counted like all others, and it draws from the run's
 * keyed streams, so that its choice is the same in every placement and after a resume.
 *
 * A round: `invite` names clients, which are sent the model. With `reports` each of them sends one number. With `choose` only
 * those that it names, by these numbers, continue and send what the method sends; for the others it is as if the model had not come.
 */
export interface Selection<State = unknown> {
  /** Plain data, with which the first round begins. */
  init(): State;
  /** The clients of a round. Pure. */
  invite(state: State, at: SelectionRound): readonly Chosen[];
  /** Of the invited, by their reports in client order, those that continue. Left out: all. Only with `reports`. */
  choose?(reports: readonly Report[], at: SelectionRound): readonly Chosen[];
  /** The state after a round. Left out: it does not change. */
  learn?(state: State, outcome: RoundOutcome): State;
}

/** A client of a round. */
export interface Chosen {
  readonly client: ClientIndex;
  /**
   * Inverse of how often it is expected to be in a round: its vectors count with its share times this, and the others do not
   * change that. Null: vectors count as the method weighs them, relative to each other.
   */
  readonly factor: number | null;
}

/** What one invited client reported. */
export interface Report {
  readonly client: ClientIndex;
  readonly value: number;
  /** By what the method weighs its vectors: its number of examples, or 1. */
  readonly weight: number;
}

/** What a client reports. 'loss': mean loss of its shard at the model that it was sent. 'utility': (n sum of squared losses of its n
 * examples)^(1/2) there. 'norm': weight times norm of the update that it has computed and would send. */
export type Reported = 'loss' | 'utility' | 'norm';

/** The round that clients are selected for. */
export interface SelectionRound {
  readonly index: number;
  /** Of this round and the rule alone. */
  readonly rng: Rng;
}

/** What is known of a round after it. */
export interface RoundOutcome {
  readonly index: number;
  /** In client order; those that were lost on their way are missing. */
  readonly reports: readonly Report[];
  /** Simulated milliseconds from the round's begin to the last message of each client that sent one. */
  readonly durationMs: ReadonlyMap<ClientIndex, number>;
}

/** What is fixed for the whole run. */
export interface SelectionRun {
  readonly clientCount: number;
  /** `participation.cohort`: clients of a round, on average. Whole, but for rules with `anyRate`. */
  readonly cohort: number;
  /** Examples of each client, which it states once when it joins. */
  readonly exampleCounts: readonly number[];
  /** What each client counts in the mean over all clients, by the method's weights; their sum is 1. */
  readonly shares: readonly number[];
}

/** The default export of every file of this folder but this one; the file's name is the rule's name. */
export interface SelectionFamily<S extends object = object, State = unknown> {
  readonly name: string;
  /** Who is selected, in a line; the source of a published rule. */
  readonly summary: string;
  readonly settings: Settings<S>;
  /** Left out: clients report nothing. */
  readonly reports?: Reported;
  /** May `cohort` be any positive number, also below 1? Left out: it is whole. */
  readonly anyRate?: boolean;
  /** Does it give factors? Then the method must declare how it weighs. Left out: never. */
  weighs?(settings: S): boolean;
  /** A setting that does not fit these numbers, and what was expected of it; null: all fit. Left out: any numbers do. */
  misfit?(
    settings: S,
    run: Pick<SelectionRun, 'clientCount' | 'cohort'>,
  ): { readonly at: keyof S & string; readonly expected: string } | null;
  create(settings: S, run: SelectionRun): Selection<State>;
}

/** A selection that scenarios can name under `participation.sampling`. The same value, marked as a selection. */
export function defineSelection<S extends object, State>(family: SelectionFamily<S, State>): SelectionFamily<S, State> {
  return extension('selection', family);
}
