/** One bound that every reader of bytes checks before it allocates or waits. */
export interface Limit {
  readonly value: number;
  readonly unit: 'bytes' | 'ms' | 'messages' | 'fragments' | 'values' | 'levels' | 'rounds' | 'connections';
  readonly meaning: string;
}

/** All limits of the protocol that do not depend on the run; docs/limits.md is made from this table. */
export const LIMIT_TABLE = {
  headBytes: { value: 8 << 10, unit: 'bytes', meaning: 'head of an HTTP request: all that is read before admission' },
  handshakeMs: { value: 10_000, unit: 'ms', meaning: 'a connection that is not admitted in this time is closed' },
  unadmitted: { value: 256, unit: 'connections', meaning: 'connections that are not admitted yet, of all addresses' },
  unadmittedPerAddress: {
    value: 128,
    unit: 'connections',
    meaning: 'connections that are not admitted yet, of one address',
  },
  messageBytes: {
    value: (4 << 20) + 256,
    unit: 'bytes',
    meaning: 'a websocket message of the frame sockets: one chunk and its header',
  },
  messageFragments: { value: 16 << 10, unit: 'fragments', meaning: 'frames that one websocket message comes in' },
  chunkBytes: {
    value: 1 << 20,
    unit: 'bytes',
    meaning: 'part of a body in one websocket message; larger bodies are cut. Up to here the receiver copies nothing',
  },
  frameBodyBytes: {
    value: 1 << 30,
    unit: 'bytes',
    meaning: 'body of a frame in any run; what the model needs is less',
  },
  messagesPerFrame: { value: 1 << 20, unit: 'messages', meaning: 'messages of one kind in one frame' },
  emptyMessages: { value: 1024, unit: 'messages', meaning: 'messages in one frame of a kind without fields' },
  controlBytes: {
    value: 4 << 20,
    unit: 'bytes',
    meaning: 'a control message of a worker, beside 1 kB for each client',
  },
  textBytes: { value: 1024, unit: 'bytes', meaning: 'a text packet of the control connection: names, and no content' },
  coordinatorBytes: {
    value: 64 << 20,
    unit: 'bytes',
    meaning: 'a control message of the coordinator, which may name all clients of a run',
  },
  coordinatorValues: { value: 1 << 24, unit: 'values', meaning: 'values in a control message of the coordinator' },
  packedDepth: { value: 32, unit: 'levels', meaning: 'nesting of a msgpack message' },
  packedValues: {
    value: 1 << 20,
    unit: 'values',
    meaning: 'values in a msgpack message, keys and containers included',
  },
  packedStringBytes: { value: 64 << 10, unit: 'bytes', meaning: 'a string in a msgpack message' },
  sealReceivers: {
    value: 1 << 17,
    unit: 'values',
    meaning: 'receivers named in one message of seals, where each seal counts as 20 more; more are sent in several',
  },
  sendQueueBytes: {
    value: 16 << 20,
    unit: 'bytes',
    meaning: 'bytes in a send queue, or not acknowledged on a numbered link, above which senders wait',
  },
  untakenBytes: {
    value: 32 << 20,
    unit: 'bytes',
    meaning:
      'received on one connection while the thread computes, 256 more for each message, above which it is not read on',
  },
  untakenEvents: {
    value: 1024,
    unit: 'messages',
    meaning:
      'cuts of one link, connections at one path, or open questions of one control connection, while the thread computes',
  },
  ackBytes: { value: 4 << 20, unit: 'bytes', meaning: 'received on a numbered link and not acknowledged' },
  ackMs: { value: 100, unit: 'ms', meaning: 'the same as time since the first of these messages' },
  keptBytes: {
    value: 16 << 20,
    unit: 'bytes',
    meaning:
      'frames and seals kept for a party before it reads them, beside what the model and the number of clients need',
  },
  earlyRounds: { value: 4096, unit: 'rounds', meaning: 'how far ahead of its receiver a frame may be' },
} as const satisfies Readonly<Record<string, Limit>>;

/** The values of the table by name. */
export const LIMITS = Object.fromEntries(Object.entries(LIMIT_TABLE).map(([name, { value }]) => [name, value])) as {
  readonly [Name in keyof typeof LIMIT_TABLE]: number;
};

/** What the bounds of a run follow from. */
export interface RunSize {
  readonly parameterCount: number;
  readonly clientCount: number;
  /** Has some kind vectors of another length than the model's? Then they may be much larger. */
  readonly otherLengths: boolean;
}

const NUMBER_BYTES = 8;

/** Largest body of a frame: some vectors a message, a few messages a frame. */
export function maxBodyBytes({ parameterCount, otherLengths }: RunSize): number {
  const fixed = otherLengths ? 64 << 20 : 4 << 20;
  return Math.min(LIMITS.frameBodyBytes, fixed + 64 * NUMBER_BYTES * parameterCount);
}

/** Largest packed message: what a client holds, memories of what its neighbours sent included. */
export function maxPackedBytes({ parameterCount, clientCount, otherLengths }: RunSize): number {
  const fixed = otherLengths ? 64 << 20 : 16 << 20;
  return Math.min(LIMITS.frameBodyBytes, fixed + (64 + 4 * clientCount) * NUMBER_BYTES * parameterCount);
}

/** Largest control message of a worker: it reports each of its clients. */
export function maxControlBytes({ clientCount }: Pick<RunSize, 'clientCount'>): number {
  return LIMITS.controlBytes + 1024 * clientCount;
}

/** Values in a message of a worker. */
export function maxPackedValues({ clientCount }: Pick<RunSize, 'clientCount'>): number {
  return LIMITS.packedValues + 64 * clientCount;
}

/** Bytes kept for parties that have not read them: each may have something for each other, of some vectors. */
export function maxKeptBytes({ parameterCount, clientCount, otherLengths }: RunSize): number {
  const fixed = otherLengths ? 1 << 30 : LIMITS.keptBytes;
  return fixed + clientCount * (clientCount * 1024 + 80 * NUMBER_BYTES * parameterCount);
}

/** Number of this wire format. Peers of another number are refused at hello. */
export const PROTOCOL_VERSION = 2;
