import type { ClientIndex, Precision } from '../method.js';
import type { Json, JsonObject } from '../settings/plain-data.js';

/**
 * A scenario: everything a run depends on, as plain data that survives JSON unchanged. `ScenarioInput` is what a person
 * writes, `Scenario` is the same with every default written out; the second is what `scenario.json` holds and what the
 * runtime, the workers and the report read. `resolve.ts` leads from one to the other.
 */

export type { Json, JsonObject };

/** Something looked up by name in a folder, with its own settings beside the name. */
export interface Spec {
  readonly name: string;
  readonly [setting: string]: Json;
}

/** How each client's model is evaluated on the client's own examples. */
export interface PerClient {
  /** Share of every client's examples that it does not train on; 0: its training examples are evaluated. */
  readonly heldOut: number;
}

/** Which clients: all of them or a list of indices. */
export type ClientSelector = 'all' | readonly ClientIndex[];
/** Which parties: all, the coordinator, all clients, or a list of client indices. */
export type PartySelector = 'all' | 'coordinator' | 'clients' | readonly ClientIndex[];
/** 'up': client to coordinator. 'down': coordinator to client. 'peer': client to client. */
export type Direction = 'up' | 'down' | 'peer' | 'all';

export interface DataSpec extends Spec {
  readonly partition: Spec;
}

/** The smallest number of used clients below which a round fails, as a number or as a share of the cohort in (0, 1]. */
export type Quorum = { readonly count: number } | { readonly fraction: number };

export interface Participation {
  /** Clients invited to a round; under 'poisson' the expected number. */
  readonly cohort: 'all' | number;
  /** 'fixed': that many without replacement. 'poisson': each client independently with probability cohort / clients. */
  readonly sampling: 'fixed' | 'poisson';
  readonly quorum: Quorum | null;
  /** Counted from the coordinator's last post of the round; null: wait for all. */
  readonly deadlineMs: number | null;
}

/** The graph of the peers and how its mixing weights are formed. `lazy`: W is replaced by (W + I) / 2. */
export interface TopologySpec extends Spec {
  readonly weights: string;
  readonly lazy: boolean;
}

/** What happens to the vectors of one kind between post and frame. */
export interface KindCodec {
  readonly codec: Spec;
  /** Keeps what the codec left out (error feedback); null: no memory. */
  readonly memory: Spec | null;
  /** 'vector': a field is encoded whole. 'tensor': each tensor of the model on its own. */
  readonly scope: 'vector' | 'tensor';
}

/** Compute speed under the virtual clock. A client's last matching entry counts. */
export interface Device {
  readonly clients: ClientSelector;
  readonly msPerExample: number;
  /** Added once a round, after the client's first received message or before its first post. */
  readonly msPerRound: number;
  /** Nanoseconds for each entry of a vector that a codec encodes or decodes. */
  readonly nsPerParameterCoded: number;
}

/** A class of links under the virtual clock. A frame's last matching entry counts. */
export interface Link {
  readonly from: PartySelector;
  readonly to: PartySelector;
  /** null: every kind. */
  readonly kind: string | null;
  readonly direction: Direction;
  /** Megabits (10^6) a second; null: no limit. */
  readonly bandwidthMbps: number | null;
  readonly latencyMs: number;
  /** Upper end of a uniform extra delay, drawn for each frame. */
  readonly jitterMs: number;
  /** How much later a frame that may not be lost arrives when it has to be sent again; null: twice the latency and its transfer time. */
  readonly retransmitMs: number | null;
}

/** One fault, in the rounds from <= round < until (until null: to the end). Each file of `protocol/faults/` has a fault's settings. */
export interface FaultRule {
  readonly fault: string;
  readonly from: number;
  readonly until: number | null;
  readonly [setting: string]: Json;
}

export interface Workers {
  /** Worker processes; 0: all parties in the coordinator's process. */
  readonly count: number;
  /** At the loss of a worker: back to the last checkpoint, on without its clients, or the end of the run. */
  readonly onLoss: 'replay' | 'absent' | 'fail';
  /** A run that ended without some clients may be valid. */
  readonly allowAbsent: boolean;
  readonly joinTimeoutMs: number;
  readonly heartbeatMs: number;
  /** A worker that another cannot reach for longer is sent frames through the coordinator until the epoch ends. */
  readonly peerDownMs: number;
  /** Longest time without progress while no party computes, before the run fails as stalled. */
  readonly stallMs: number;
  /** The same while a party computes. */
  readonly computeMs: number;
}

export interface PrivacySettings {
  /** 'seeded': repeatable, for study. 'secure': from the operating system. */
  readonly noise: 'seeded' | 'secure';
  /** 'float': rounded normals. 'grid': noise on a grid that survives floating point. */
  readonly form: 'float' | 'grid';
  /** In (0, 1). */
  readonly delta: number;
  /** Largest epsilon; the run stops before the round that would pass it. null: no limit. */
  readonly budget: number | null;
  /**
   * What computes the epsilon of metrics, budget and verdict. 'auto': exact where nothing is sampled and else Renyi orders, at
   * once. 'tightest': the least of all proven bounds. 'loss-distribution': that bound alone.
   */
  readonly accountant: 'auto' | 'tightest' | 'loss-distribution';
}

/** Changes to what clients compute, which the evaluation does not see: no objective has such a gradient. */
export interface Stress {
  /** Factors on the gradient of named tensors at every client, such as { 'dense1/weights': 100 }. */
  readonly gradientScales: Readonly<Record<string, number>>;
}

/** A statement of a paper, the runs it is about and how it is judged. */
export interface Claim {
  readonly claim: string;
  /** Its place in the paper. */
  readonly source: string;
  /** The runs it is about, by values at paths of their scenarios; null: all. A claim of a sweep names them. */
  readonly where: JsonObject | null;
  /** The runs that it compares them with. */
  readonly against: JsonObject | null;
  /** Expectations, judged on these runs alone: it is reproduced when all hold, not when one fails. None: it is not judged. */
  readonly judgedBy: readonly Spec[];
  /**
   * Is what ran the paper's text? 'method': as the method declares. 'printed': with these settings it is, although
   * others are a reconstruction. 'reconstruction': it is not, although the method is the text of its own paper.
   */
  readonly text: 'method' | 'printed' | 'reconstruction';
  /** What a reader must know beside the status; null: nothing. */
  readonly note: string | null;
}

declare const made: unique symbol;
/** Plain data that a function for scripts has made, whose settings were checked where it was called. Only a type: nothing marks the data. */
export type Made<T> = T & AnyMade;
/** Whatever has been made so: it shows nothing of the data, so that what is written out beside it is not taken for it. */
export interface AnyMade {
  readonly [made]: true;
}

export function madeSpec(data: Spec): Made<Spec> {
  return data as Made<Spec>;
}

/** `judgedBy` and whatever narrows the claim have defaults. */
export type ClaimInput = Pick<Claim, 'claim' | 'source'> &
  Partial<Omit<Claim, 'judgedBy'>> & { readonly judgedBy?: readonly SpecInput[] };

/** A module of one's own that a scenario uses: what it defines can be named as if it were built in. */
export interface UsedModule {
  /** The path of its file, or the name of a package. */
  readonly module: string;
  /** Of its file and of the files that it imports by path, hexadecimal. */
  readonly sha256: string;
}

/** A file of saved parameters that the clients and the coordinator begin with. */
export interface InitialFile {
  /** Its path. */
  readonly file: string;
  /** Of the file, hexadecimal. */
  readonly sha256: string;
}

/** When a run stops before its last round: at a value, or when a series no longer improves. */
export interface StopRule {
  /** A series (`accuracy`), or a figure of the rounds so far (`totalBytes`). */
  readonly of: string;
  /** It falls to this or below; null: not looked at. */
  readonly below: number | null;
  /** It rises to this or above; null: not looked at. */
  readonly above: number | null;
  /** So many of its values in a row without an improvement of more than `minDelta`; null: not looked at. */
  readonly patience: number | null;
  readonly minDelta: number;
  readonly mode: ImprovementMode;
}

/** Which way a series improves. 'auto': accuracies rise, everything else falls. */
export type ImprovementMode = 'auto' | 'min' | 'max';

/** `./` paths are relative to the scenario's file. */
export type UseInput = string | UsedModule;

export interface Scenario {
  readonly name: string;
  readonly description: string;
  /** Left out: none. */
  readonly use?: readonly UsedModule[];
  readonly method: Spec;
  readonly objective: Spec;
  readonly data: DataSpec;
  readonly clients: number;
  readonly rounds: number;
  readonly seed: number;
  readonly precision: Precision;
  /** Saved parameters to begin with. Left out: the model's own initial ones. */
  readonly initial?: InitialFile;
  readonly participation: Participation;
  /** null exactly when the method has no peer kinds. */
  readonly topology: TopologySpec | null;
  /** An entry for every kind of the method that carries vectors. */
  readonly codecs: Readonly<Record<string, KindCodec>>;
  /** Robust sums of the messages of a kind, in order: pre-aggregators, then an aggregator. By kind; others: none. */
  readonly aggregators?: Readonly<Record<string, readonly Spec[]>>;
  readonly clock: 'virtual' | 'wall';
  readonly devices: readonly Device[];
  readonly links: readonly Link[];
  readonly faults: readonly FaultRule[];
  /** `train`: also on the clients' training examples, for the generalisation gap. */
  readonly evaluation: {
    readonly everyRounds: number;
    readonly train: boolean;
    /** Each client on its own examples. Left out or null: not evaluated. */
    readonly perClient?: PerClient | null;
  };
  /** 'auto': as often as takes `share` of the time. null: no checkpoint. */
  /** The run stops at the first rule that applies. Left out: after its last round. */
  readonly stopWhen?: readonly StopRule[];
  /** The model of the round that is best by this series is kept. Left out: none. */
  readonly keepBest?: { readonly of: string; readonly mode: ImprovementMode };
  /** Files of the final model, and of the best. Left out: none. */
  readonly saveModel?: readonly ('npz' | 'safetensors')[];
  readonly checkpoints: { readonly everyRounds: number | 'auto' | null; readonly share?: number };
  readonly workers: Workers;
  readonly privacy: PrivacySettings;
  /** Probes of the coordinator's inbox, by name. Left out: none. */
  readonly measure?: readonly Spec[];
  /** What is done to clients on purpose. Left out: nothing. */
  readonly stress?: Stress;
  /** What is measured beside the run, by name; null: nothing. */
  readonly study?: Spec | null;
  /** Name of a compute device, or 'auto'. */
  readonly device: string;
  readonly expect: readonly Spec[];
  readonly claims: readonly Claim[];
  /** Paths whose values were changed from those that `expect` and `claims` were written for: they do not apply. Left out: none. */
  readonly changed?: readonly string[];
  /** Plots beyond the usual ones, in the report's own words. */
  readonly reportPlots?: readonly JsonObject[];
  /** About how long the run takes on two cores, for `gradswarm list`; null: unknown. */
  readonly expectedSeconds: number | null;
}

/** A name alone stands for the spec without settings. */
export type SpecInput = string | Spec;
export type DataInput =
  | string
  | { readonly name: string; readonly partition?: SpecInput; readonly [s: string]: Json | undefined };
export type KindCodecInput =
  | SpecInput
  | { readonly codec: SpecInput; readonly memory?: SpecInput | null; readonly scope?: KindCodec['scope'] };
type WithoutDefaults<T, Required extends keyof T> = Partial<T> & Pick<T, Required>;
export type FaultInput = { readonly fault: string; readonly from?: number; readonly until?: number | null } & {
  readonly [setting: string]: Json;
};

/** What a person writes. Only `method` and `data` have no default. */
export interface ScenarioInput {
  /** Left out: that of the file. */
  readonly name?: string;
  readonly description?: string;
  /** Modules of one's own: `['./sign-vote.ts', 'some-package']`. */
  readonly use?: readonly UseInput[];
  readonly method: SpecInput;
  readonly objective?: SpecInput;
  readonly data: DataInput;
  readonly clients?: number;
  readonly rounds?: number;
  readonly seed?: number;
  readonly precision?: Precision;
  /** Saved parameters to begin with: the path of an .npz or .safetensors file. */
  readonly initial?: string | InitialFile | null;
  readonly participation?: Partial<Participation>;
  readonly topology?: SpecInput | null;
  /** By kind; '*': every other kind in which the method itself keeps what compression leaves out. */
  readonly codecs?: Readonly<Record<string, KindCodecInput>>;
  /** By kind: a robust sum, or a list of pre-aggregators that ends in one: `{ update: ['bucketing', 'krum'] }`. */
  readonly aggregators?: Readonly<Record<string, SpecInput | readonly SpecInput[]>>;
  readonly clock?: Scenario['clock'];
  readonly devices?: readonly WithoutDefaults<Device, 'clients'>[];
  readonly links?: readonly Partial<Link>[];
  readonly faults?: readonly FaultInput[];
  readonly evaluation?: Partial<Scenario['evaluation']>;
  readonly stopWhen?: readonly WithoutDefaults<StopRule, 'of'>[] | null;
  readonly keepBest?: WithoutDefaults<NonNullable<Scenario['keepBest']>, 'of'> | null;
  readonly saveModel?: Scenario['saveModel'] | null;
  readonly checkpoints?: Partial<Scenario['checkpoints']>;
  readonly workers?: Partial<Workers>;
  readonly privacy?: Partial<PrivacySettings>;
  readonly measure?: readonly SpecInput[];
  readonly stress?: Partial<Stress>;
  readonly study?: SpecInput | null;
  readonly device?: string;
  readonly expect?: readonly SpecInput[];
  readonly claims?: readonly ClaimInput[];
  readonly changed?: readonly string[];
  readonly reportPlots?: readonly JsonObject[];
  readonly expectedSeconds?: number | null;
}

/** One scenario at many settings. `over`: values by path; the points are the Cartesian product in written order. */
export interface SweepInput {
  readonly sweep: string;
  readonly description?: string;
  readonly base: Omit<ScenarioInput, 'name'>;
  readonly over: Readonly<Record<string, readonly Json[]>>;
  /** Combinations of values of `over` to run, in this order, with every value of the paths that they do not name; left out: all. */
  readonly points?: readonly Readonly<Record<string, Json>>[] | null;
  /** Every point at so many seeds from the base's on, or at these: the axis `seed`, changing fastest. */
  readonly seeds?: number | readonly number[];
  /** Judged once over all points; `base.expect` is judged at each point. */
  readonly expect?: readonly SpecInput[];
  readonly claims?: readonly ClaimInput[];
  readonly changed?: readonly string[];
  readonly reportPlots?: readonly JsonObject[];
  /** Of all points together. */
  readonly expectedSeconds?: number | null;
}

/** A scenario file's default export. */
export function scenario(input: ScenarioInput): ScenarioInput;
export function scenario(name: string, input: Omit<ScenarioInput, 'name'>): ScenarioInput;
export function scenario(name: string | ScenarioInput, input?: Omit<ScenarioInput, 'name'>): ScenarioInput {
  return typeof name === 'string' ? { name, ...(input as ScenarioInput) } : name;
}

/** A sweep file's default export. */
export function sweep(input: SweepInput): SweepInput;
export function sweep(name: string, input: Omit<SweepInput, 'sweep'>): SweepInput;
export function sweep(name: string | SweepInput, input?: Omit<SweepInput, 'sweep'>): SweepInput {
  return typeof name === 'string' ? { sweep: name, ...(input as Omit<SweepInput, 'sweep'>) } : name;
}

export function isSweep(input: ScenarioInput | SweepInput): input is SweepInput {
  return 'sweep' in input;
}
