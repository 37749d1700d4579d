import type { ClientIndex, Precision } from '../method.js';
import type { Json, JsonObject } from '../settings/plain-data.js';

/**
 * A scenario: everything a run depends on, as plain data that survives JSON unchanged. `ScenarioInput` (input.ts) is what a
 * person writes, `Scenario` is the same with every default written out; the second is what `scenario.json` holds and what the
 * runtime, the workers and the report read. `resolve.ts` leads from one to the other.
 */

export type { Json, JsonObject };

/** Something looked up by name in a folder, with its own settings beside the name. */
export interface Spec {
  readonly name: string;
  readonly [setting: string]: Json;
}

/** A number that a method, an objective or a probe gives for single clients, and which way it is better. */
export interface ClientFigureOf {
  readonly of: string;
  readonly mode: ImprovementMode;
}

/** How each client's model is evaluated on the client's own examples. */
export interface PerClient {
  /** Share of every client's examples that it does not train on; 0: its training examples are evaluated. */
  readonly heldOut: number;
  /** Figures of one's own that are summarised over the clients and drawn. Left out: none. */
  readonly figures?: readonly ClientFigureOf[];
}

/** Which clients: all of them or a list of indices. */
export type ClientSelector = 'all' | readonly ClientIndex[];
/** Which parties: all, the coordinator, all clients, or a list of client indices. */
export type PartySelector = 'all' | 'coordinator' | 'clients' | readonly ClientIndex[];
/** 'up': client to coordinator. 'down': coordinator to client. 'peer': client to client. */
export type Direction = 'up' | 'down' | 'peer' | 'all';

/** The data set by name, and how clients share it. */
export interface DataSpec extends Spec {
  readonly partition: Spec;
}

/** The smallest number of used clients below which a round fails, as a number or as a share of the cohort in (0, 1]. */
export type Quorum = { readonly count: number } | { readonly fraction: number };

/** Who is in a round, and how long it waits. */
export interface Participation {
  /** Clients of a round, whole; under 'poisson' and other rules that draw coins the expected number, any above 0. */
  readonly cohort: 'all' | number;
  /** 'fixed': that many without replacement. 'poisson': each client independently with probability cohort / clients. Else a selection. */
  readonly sampling: 'fixed' | 'poisson' | Spec;
  readonly quorum: Quorum | null;
  /** Counted from the coordinator's last post of the round; null: wait for all. */
  readonly deadlineMs: number | null;
  /** Answers after which a round waits no longer, in order of simulated arrival; null: wait for all. */
  readonly first?: number | null;
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

/**
 * Rows of a trace as plain data, each [client, time, a value for each column]: the values hold from this time to the client's next
 * row. Clients are counted from 0 without a gap; the first row of each is at time 0, later ones in ascending order.
 */
export type TraceRows = readonly (readonly number[])[];

/** A trace of a scenario: its rows, and the file that they were read from. */
export interface Trace {
  readonly file: string | null;
  /** Of the file, hexadecimal. */
  readonly sha256: string | null;
  readonly rows: TraceRows;
}

/** What a client's device uses. A client's last matching entry counts. */
export interface Energy {
  readonly clients: ClientSelector;
  /** While the device computes, in simulated time. */
  readonly computeWatts: number;
  /** While it waits for messages of its round. */
  readonly waitingWatts: number;
  /** For each 10^6 bytes that it sends, framing included. */
  readonly joulesPerMegabyteUp: number;
  readonly joulesPerMegabyteDown: number;
  /** null: on the mains. */
  readonly battery: Battery | null;
}

/** The battery of a device. */
export interface Battery {
  readonly capacityJoules: number;
  /** Charge at the beginning of the run, as a share of the capacity. */
  readonly start: number;
  /** Share of the capacity from which a client that was empty takes part again. */
  readonly resume: number;
  /** Watts of charging over simulated seconds; null: none. */
  readonly trace: Trace | null;
  /** Seconds after which the trace begins again; null: its last rows hold to the end. */
  readonly period: number | null;
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

/** Worker processes, and what their loss means. */
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

/** How privacy noise is drawn and counted. */
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
   * others are a reconstruction. 'reconstruction': it is not, although the method is the text of its own paper. 'chosen': settings
   * that the paper does not give were chosen so that the claim holds, or so that it cannot: what is observed is shown and not judged.
   */
  readonly text: 'method' | 'printed' | 'reconstruction' | 'chosen';
  /** What a reader must know beside the status; null: nothing. */
  readonly note: string | null;
}

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

/** A scenario with every default written out. */
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
  /** What devices use. A client's last matching entry counts. Left out: it is not measured. */
  readonly energy?: readonly Energy[];
  readonly devices: readonly Device[];
  readonly links: readonly Link[];
  readonly faults: readonly FaultRule[];
  /** `train`: also on the clients' training examples, for the generalisation gap. */
  readonly evaluation: {
    readonly everyRounds: number;
    readonly train: boolean;
    /** Also the exponential moving average of the estimates over rounds. Left out or null: not evaluated. */
    readonly average?: { readonly decay: number } | null;
    /** Each client on its own examples. Left out or null: not evaluated. */
    readonly perClient?: PerClient | null;
  };
  /** The run stops at the first rule that applies. Left out: after its last round. */
  readonly stopWhen?: readonly StopRule[];
  /** The model of the round that is best by this series is kept. Left out: none. */
  readonly keepBest?: { readonly of: string; readonly mode: ImprovementMode };
  /** Files of the final model, and of the best. Left out: none. */
  readonly saveModel?: readonly ('npz' | 'safetensors')[];
  /** 'auto': as often as takes `share` of the time. null: no checkpoint. */
  readonly checkpoints: { readonly everyRounds: number | 'auto' | null; readonly share?: number };
  readonly workers: Workers;
  readonly privacy: PrivacySettings;
  /** Probes of the coordinator's inbox, by name. Left out: none. */
  readonly measure?: readonly Spec[];
  /** Time and bytes are simulated, and no gradient is computed. Left out: gradients are computed. */
  readonly timingOnly?: boolean;
  /** What is done to clients on purpose. Left out: nothing. */
  readonly stress?: Stress;
  /** What is measured beside the run, by name; null: nothing. */
  readonly study?: Spec | null;
  /** Name of a compute device; 'auto': the fastest that is right; null: wasm, or an installed one that is 1.5 times as fast. */
  readonly device: string | null;
  readonly expect: readonly Spec[];
  readonly claims: readonly Claim[];
  /** Paths whose values were changed from those that `expect` and `claims` were written for: they do not apply. Left out: none. */
  readonly changed?: readonly string[];
  /** Plots beyond the usual ones, in the report's own words. */
  readonly reportPlots?: readonly JsonObject[];
  /** About how long the run takes on two cores, for `gradswarm list`; null: unknown. */
  readonly expectedSeconds: number | null;
}
