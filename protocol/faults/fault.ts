import type { FaultInput } from '../scenario/input.js';
import type { Made } from '../scenario/made.js';
import type { JsonObject } from '../scenario/scenario.js';
import { extension } from '../settings/extension.js';
import { integer } from '../settings/kinds.js';
import { defineSettings, type Settings, type SettingsOf } from '../settings/settings.js';
import type { ActingRule, RuleSurroundings } from './parts/acting-rule.js';

/**
 * A kind of fault: the default export of every file of this folder but this one; the file's name is the fault's name. Beside it
 * the file exports a function for scripts, which returns exactly what could be written as JSON.
 */
export interface FaultFamily {
  readonly name: string;
  /** What fails, in a line. */
  readonly summary: string;
  // biome-ignore lint/suspicious/noExplicitAny: every fault has its own type of settings.
  readonly settings: Settings<any>;
  /** Receivers may miss a message because of it. Left out: they do not. */
  readonly losesMessages?: boolean;
  /** Clients may begin again from `init` because of it. Left out: they do not. */
  losesState?(settings: Readonly<Record<string, unknown>>): boolean;
  /** What it puts into a client's message may depend on the messages of others. Left out: it does not. */
  readsOthers?(settings: Readonly<Record<string, unknown>>): boolean;
  /** It acts by simulated time, which only the virtual clock has. Left out: it does not. */
  isSimulated?(settings: Readonly<Record<string, unknown>>): boolean;
  // biome-ignore lint/suspicious/noExplicitAny: as above.
  create(settings: any, surroundings: RuleSurroundings): ActingRule;
}

/** The rounds in which a rule of any fault acts: from <= round < until. */
const times = {
  from: integer(0, 'First round of the rule, counted from 0', { least: 0 }),
  until: integer(null, 'The round before which the rule ends; null: it lasts to the end', { least: 1 }),
};
const rounds = defineSettings(times);

/** The rounds in which a rule acts: from <= round < until, null: to the end. */
export type RuleTimes = SettingsOf<typeof rounds>;

/** `settings`: the fault's own; the rounds `from` and `until` come before them, and `create` must keep to them. */
export function defineFault<S extends object>({
  settings,
  ...family
}: Omit<FaultFamily, 'settings' | 'create' | 'losesState' | 'readsOthers' | 'isSimulated'> & {
  readonly settings: Settings<S>;
  losesState?(settings: RuleTimes & S): boolean;
  readsOthers?(settings: RuleTimes & S): boolean;
  isSimulated?(settings: RuleTimes & S): boolean;
  create(settings: RuleTimes & S, surroundings: RuleSurroundings): ActingRule;
}): Omit<FaultFamily, 'settings'> & { readonly settings: Settings<RuleTimes & S> } {
  const whole = settings
    .under(times)
    .and(({ from, until }) =>
      until === null || until > from ? null : { at: 'until', expected: `a round after from = ${from}` },
    );
  return extension('fault', { ...(family as unknown as FaultFamily), settings: whole });
}

/** What fails, as plain data; `during`, `at` and `always` set the rounds. */
export type Fault = Made<{ readonly fault: string } & JsonObject>;

export function faultOf(data: { readonly fault: string } & JsonObject): Fault {
  return data as Fault;
}

/** In the rounds from <= round < until. */
export function during(from: number, until: number, fault: Fault): Made<FaultInput> {
  return { ...fault, from, until } as Made<FaultInput>;
}

/** In this one round. A crash begins there and lasts its `downRounds`. */
export function at(round: number, fault: Fault): Made<FaultInput> {
  return { ...fault, from: round, until: round + 1 } as Made<FaultInput>;
}

/** In every round. */
export function always(fault: Fault): Made<FaultInput> {
  return { ...fault } as Made<FaultInput>;
}
