import type { MessageKind, MessageKinds, PartyId, ReadonlyVector, Segment } from './method.js';
import { extension } from './settings/extension.js';
import type { Settings as SettingsDefinition } from './settings/settings.js';

/**
 * A probe: what a scenario measures in the messages that the coordinator takes, whatever the method:
 * `measure: [{ name: 'gradient-noise-scale', kind: 'gradient' }]`. It sees every message of its kinds as the method sees it
 * (after codecs and faults), in the same order, adds columns to the round's row of metrics.csv, and can change nothing: a run
 * with probes has the bits of the run without. What it writes is not noised and no ledger counts it.
 *
 * One file of `probes/` each, whose default export is a ProbeFamily of the file's name.
 */
// biome-ignore lint/suspicious/noExplicitAny: the loader handles probes of every settings and state type.
export interface ProbeFamily<Settings extends object = any, State = any> {
  readonly name: string;
  /** What it measures, in a line. */
  readonly summary: string;
  readonly settings: SettingsDefinition<Settings>;
  /** Names of its columns and of its clients' figures; '*' at the end of one stands for anything. Left out: nothing else can name them. */
  readonly measures?: readonly string[];
  /** Throws ERR_SCENARIO when the settings do not fit a method with these messages. */
  check(settings: Settings, messages: MessageKinds): void;
  create(settings: Settings, run: ProbedRun): Probe<State>;
}

/** What is fixed for the whole run. */
export interface ProbedRun {
  readonly messages: MessageKinds;
  readonly segments: readonly Segment[];
  readonly parameterCount: number;
}

/** A message as the coordinator decoded it. */
export type ProbedMessage = { readonly from: PartyId } & Readonly<Record<string, unknown>>;

/** A probe of one run. */
// biome-ignore lint/suspicious/noExplicitAny: as above.
export interface Probe<State = any> {
  readonly kinds: readonly string[];
  /** Plain data that the probe carries from round to round; it is in checkpoints, not in the run's digest. */
  init(): State;
  /**
   * One attempt at a round. `state` must not be changed: an abandoned attempt starts again from it. `model`: the server's (first)
   * estimate before the round, to be read only; left out: it has none.
   */
  begin(state: State, model?: ReadonlyVector): ProbeRound<State>;
}

/** A probe in one attempt at a round. */
export interface ProbeRound<State> {
  /** Must not keep the message's vectors beyond the call, nor write into them. */
  take(kind: string, message: ProbedMessage): void;
  /**
   * After the coordinator's half has returned. `measure`: a column of the round's row. `measureClient`: a figure of one client in this round, a
   * line of metrics-by-client.csv in runs that have that file (`evaluation.perClient` or `energy`).
   */
  finish(
    measure: (name: string, value: number) => void,
    measureClient: (client: PartyId, name: string, value: number) => void,
  ): State;
}

/** A probe that scenarios can name under `measure`. The same value, marked as a probe. */
export function defineProbe<Settings extends object, State>(
  family: ProbeFamily<Settings, State>,
): ProbeFamily<Settings, State> {
  return extension('probe', family);
}

/** The fields of a kind that goes to the coordinator; undefined where there is no such kind. */
export function probedKind(messages: MessageKinds, name: string): MessageKind | undefined {
  const kind = Object.hasOwn(messages, name) ? messages[name] : undefined;
  return kind?.to === 'coordinator' ? kind : undefined;
}

/** The vector in a field of a message; the field must be one of its vectors. */
export function vectorOf(message: ProbedMessage, field: string): ReadonlyVector {
  return message[field] as ReadonlyVector;
}
