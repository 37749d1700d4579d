import type { CodecContract } from '../codecs/codec.js';
import type { Memory } from '../codecs/memory.js';
import type { MessageKinds, Rng, RunPlan } from '../method.js';
import type { Settings } from '../settings/settings.js';
import type { ExpectationFamily } from './expectation.js';

/**
 * The names a scenario can use. The tables are beside the named files (methods, codecs, data sets, …); resolving a
 * scenario sees them only through this interface, so that it runs anywhere and is tested with tables of its own.
 */
export interface Catalogue {
  readonly methods: Table<MethodEntry>;
  readonly objectives: Table<ObjectiveEntry>;
  readonly datasets: Table<Entry>;
  readonly partitions: Table<Entry>;
  readonly topologies: Table<TopologyEntry>;
  readonly codecs: Table<CodecEntry>;
  readonly memories: Table<MemoryEntry>;
  /** What settings of the others may name; for the documentation. */
  readonly optimizers?: Table<Entry>;
  readonly schedules?: Table<Entry>;
  readonly layers?: Table<Entry>;
  readonly faults: Table<FaultEntry>;
  /** Left out: none. */
  readonly studies?: Table<Entry>;
  /** Left out: none. */
  readonly probes?: Table<ProbeEntry>;
  readonly expectations: Table<ExpectationFamily>;
  /** What every run shows beside what its method, objective and study show. Left out: names of figures are not checked. */
  readonly host?: FigureNames;
}

/** Names of a run's figures, known before it begins. A name that ends in '*' stands for all that begin so. */
export interface FigureNames {
  /** A number a round. */
  readonly series: readonly string[];
  /** Entries of the summary. */
  readonly figures: readonly string[];
}

/** Things of one sort by name. May answer without a promise. */
export interface Table<E> {
  names(): readonly string[] | Promise<readonly string[]>;
  /** undefined: there is no such thing. */
  find(name: string): E | undefined | Promise<E | undefined>;
}

/** One thing that a scenario can name. */
export interface Entry {
  /** What it is, in a line. */
  readonly summary?: string;
  /** Series that it adds to a run; '*' at the end of a name stands for anything. */
  readonly measures?: readonly string[];
  /** Entries that it adds to the summary of a run. */
  readonly figures?: readonly string[];
  // biome-ignore lint/suspicious/noExplicitAny: every thing has its own type of settings.
  readonly settings: Settings<any>;
}

/** A method of `method.ts` has this form. */
export interface MethodEntry {
  /** Names of the series that its halves measure; '*' at the end stands for anything. Left out: none. */
  readonly measures?: readonly string[];
  // biome-ignore lint/suspicious/noExplicitAny: every method has its own type of hyperparameters.
  readonly settings: Settings<any>;
  // biome-ignore lint/suspicious/noExplicitAny: as above.
  checkPlan?(hyperparameters: any, run: RunPlan): void;
  /** Does it run on log-posteriors alone? */
  readonly needsPosterior?: boolean;
  /** Of an asynchronous method. */
  readonly schedule?: 'tasks' | 'meetings';
  /** Of tasks: answers of one fold, or why no rule can stand before it. */
  // biome-ignore lint/suspicious/noExplicitAny: as above.
  readonly folds?: ((hyperparameters: any, run: { readonly clients: number }) => number) | string;
  readonly messages: MessageKinds;
  readonly isPrivate?: boolean;
  /** Of a private method: what its clients release, and the epsilon that its noise is made for. */
  // biome-ignore lint/suspicious/noExplicitAny: only whether it is there matters.
  readonly clientReleases?: any;
  // biome-ignore lint/suspicious/noExplicitAny: as above.
  readonly target?: any;
  // biome-ignore lint/suspicious/noExplicitAny: as above.
  weighsBy?(hyperparameters: any): 'examples' | 'clients';
  /** Of a method of peers alone: none. */
  // biome-ignore lint/suspicious/noExplicitAny: only whether it is there matters.
  readonly coordinator?: any;
  /** Of a method that chooses its cohorts itself. */
  // biome-ignore lint/suspicious/noExplicitAny: only whether it is there matters.
  readonly cohort?: any;
}

export interface ProbeEntry extends Entry {
  /** Do the settings fit these messages? Throws with what was expected and what was given. */
  checkWith(settings: Readonly<Record<string, unknown>>, messages: MessageKinds): void;
}

export interface ObjectiveEntry extends Entry {
  /** It has prior and likelihood apart, as samplers need them. */
  readonly isPosterior?: boolean;
}

export interface FaultEntry extends Entry {
  /** Receivers may miss a message because of it. */
  readonly losesMessages?: boolean;
  /** Clients may begin again from `init` because of it. */
  losesState?(settings: Readonly<Record<string, unknown>>): boolean;
  /** What it puts into a client's message may depend on the messages of others. */
  readsOthers?(settings: Readonly<Record<string, unknown>>): boolean;
  /** It acts by simulated time. */
  isSimulated?(settings: Readonly<Record<string, unknown>>): boolean;
}

export interface TopologyEntry extends Entry {
  /** Throws when the graph does not exist for so many clients, or its weights do not fit it. `rng`: the run's own for its graph. */
  fit?(settings: Readonly<Record<string, unknown>>, clientCount: number, rng: Rng): void;
  /** Does the graph differ from round to round? Left out: it does not. */
  changes?(settings: Readonly<Record<string, unknown>>, clientCount: number, rng: Rng): boolean;
  /** How many of the last clients are edge servers. Left out: none. */
  edgeServers?(settings: Readonly<Record<string, unknown>>): number;
}

export interface CodecEntry extends Entry {
  /** Of the codec with these complete settings. Throws when they make no sense. */
  contract(settings: Readonly<Record<string, unknown>>): CodecContract | Promise<CodecContract>;
  /** Are its bytes a function of the length alone? Left out: they are not. */
  hasFixedSize?(settings: Readonly<Record<string, unknown>>): boolean | Promise<boolean>;
  /** Largest relative variance of an unbiased codec. Left out: not known. */
  omega?(settings: Readonly<Record<string, unknown>>): number | undefined;
  /** Does it choose one of several levels by what its sender measures? Left out: it does not. */
  hasLevels?(settings: Readonly<Record<string, unknown>>): boolean;
}

export interface MemoryEntry extends Entry {
  /** What the codec must promise for the memory to make sense. Left out: nothing. */
  readonly needs?: Memory['needs'];
  /** Receivers keep a copy that stays wrong after one missed message. */
  readonly hasReplicas?: boolean;
}

/** A table over a plain object. */
export function tableOf<E>(entries: Readonly<Record<string, E>>): Table<E> {
  return {
    names: () => Object.keys(entries).sort(),
    find: (name) => (Object.hasOwn(entries, name) ? entries[name] : undefined),
  };
}
