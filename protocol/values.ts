/** What messages and states are made of, how parties are named, and what is fixed for a run. */

/** d numbers in model order. Float32 or float64 by the run's precision; methods never name the array type. */
export type Vector = Float32Array | Float64Array;

/** Everything received, posted or evaluated. Writing into it does not compile. */
export interface ReadonlyVector {
  readonly length: number;
  readonly BYTES_PER_ELEMENT: number;
  readonly [index: number]: number;
  subarray(from?: number, to?: number): ReadonlyVector;
}

/** 32-bit whole numbers of a message. */
export type Integers = Int32Array | Uint32Array;

/** Number type of a run: every model-sized vector has it. */
export type Precision = 'float32' | 'float64';

/** One named tensor inside a Vector. `module` groups tensors (AGVM works per module). */
export interface Segment {
  readonly name: string;
  readonly module: string;
  readonly offset: number;
  readonly shape: readonly number[];
}

/** A client owns one private shard for the whole run. Some worker process hosts it. */
export type ClientIndex = number;
/** The coordinator, or a client by its index from 0. */
export type PartyId = 'coordinator' | ClientIndex;

/** What is fixed for a whole run and the same for every party: what a half may be closed over. */
export interface RunConstants<H> {
  readonly hyperparameters: H;
  readonly segments: readonly Segment[];
  /** Numbers of a model-sized vector. */
  readonly parameterCount: number;
  readonly clientCount: number;
  /** Clients that hold no data and stand between others and the coordinator, by the topology, ascending. Left out: none. */
  readonly edgeServers?: readonly ClientIndex[];
  /** Examples of each client; known in the coordinator's process. Left out: not known. */
  exampleCounts?(): readonly number[];
}

/** Every client of a run, ascending. */
export function allClients(clientCount: number): ClientIndex[] {
  return Array.from({ length: clientCount }, (_, client) => client);
}
