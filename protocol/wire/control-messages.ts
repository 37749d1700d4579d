import { z } from 'zod';
import { GradswarmError } from '../errors.js';
import type { PartyId } from '../method.js';
import { ledgerEntryShape } from '../privacy/accounting/ledger-entry.js';
import { LIMITS, PROTOCOL_VERSION } from './limits.js';
import { printable } from './printable.js';
import type { Seal } from './seal.js';

/**
 * Messages between coordinator and workers other than frames. Each message is msgpack (`useRecords: false`) of one of these
 * shapes, sent as one binary socket.io argument: numbers keep their bits, and no vector is ever among them.
 */

const client = z.number().int().nonnegative();
const round = z.number().int().nonnegative();
const why = z.enum(['crashed', 'dropped', 'late', 'rejected', 'aborted']);
const party = z.union([z.literal('coordinator'), client]);

/** A text that a person is shown. */
const shown = (most?: number) => (most === undefined ? z.string() : z.string().max(most)).overwrite(printable);

/** How a run ended, for its workers; 'again': the same run may be continued. */
const ending = z.enum(['finished', 'failed', 'again']);

const sha256 = z.string().regex(/^[\da-f]{64}$/);

/** Worker to coordinator, first: who I am. */
export const hello = z.strictObject({
  version: z.literal(PROTOCOL_VERSION),
  name: shown(200),
  pid: z.number().int(),
  /** Drawn when the process started: two processes may share a name. */
  process: z.string().max(100),
  /** The seat that this worker had before, or was given by its user; null: any. */
  seat: round.nullable(),
  /** The modules of its own that it has loaded: names of their files, or of packages. Left out: none. */
  use: z
    .array(z.strictObject({ module: z.string().max(200), sha256 }))
    .max(64)
    .optional(),
  /**
   * The assignment that it has or is preparing for; null: none. Such a worker opens numbered links, and may lose its control
   * connection and come back. Left out: a worker without these, which loses its seat with the connection.
   */
  resumes: z.strictObject({ epoch: round, generation: round }).nullable().optional(),
  /** It takes repeats: frames whose body is that of the one before. Left out: it does not. */
  repeats: z.literal(true).optional(),
});

/** That the coordinator knows the run's token too. */
const proof = z.string().max(100);

/** Answer to 'hello'. */
export const admission = z.union([
  z.strictObject({ seat: round, proof }),
  /** All seats are taken: stay, one may become open. */
  z.strictObject({ spare: z.literal(true), proof }),
  z.strictObject({ over: ending, proof }),
  /** Refused; another attempt would be refused too. */
  z.strictObject({ refused: shown(1000), proof }),
]);

/** Coordinator to worker: the worker's clients, the run, and the host of each client. */
export const assign = z.strictObject({
  worker: z.string(),
  /** Of the seat: rises with each holder. */
  generation: round,
  /** One stretch of the run: rises with each loss that sends it back. Reports of another epoch or generation are ignored. */
  epoch: round,
  /** Opens the frame sockets of this run. */
  token: z.string(),
  scenario: z.record(z.string(), z.unknown()),
  clients: z.array(client),
  workers: z.array(z.strictObject({ worker: z.string(), clients: z.array(client) })),
});

export const ready = z.strictObject({
  device: shown(),
  deterministic: z.boolean(),
  parameterCount: z.number().int(),
  /** SHA-256 of what was read, hexadecimal. */
  read: z.strictObject({ data: sha256, partition: sha256, initialParameters: sha256 }),
  /** Where other workers reach this one; null: nowhere. Host null: where its connection to the coordinator comes from. */
  peer: z
    .strictObject({
      host: z
        .string()
        .max(255)
        .regex(/^([\w.-]+|\[[\da-f:.]+\])$/i)
        .nullable(),
      port: z.number().int().min(1).max(65535),
      tls: z.boolean(),
    })
    .nullable(),
});

/** Coordinator to worker, once all are ready: open a socket to each of these. */
export const introduce = z.strictObject({
  peers: z.array(
    /** `links`: this peer takes numbered links. Stands only in messages to workers that do so themselves. */
    z.strictObject({ worker: z.string(), url: z.string(), links: z.literal(true).optional() }),
  ),
  /** What opens the socket to each other worker, and the one that comes from it. */
  keys: z.array(z.strictObject({ worker: z.string(), outgoing: z.string(), incoming: z.string() })),
});

/** Answer to 'introduce': peers that could not be reached; their frames go by the coordinator. */
export const introduced = z.strictObject({ unreachable: z.array(z.string()) });

export const plan = z.strictObject({
  index: round,
  attempt: round,
  cohort: z.array(client),
  absent: z.array(z.strictObject({ from: client, why: z.enum(['crashed', 'aborted']) })),
  forgotten: z.array(client),
  inclusion: z.number(),
  startMs: z.number(),
  returned: z.strictObject({ clients: z.array(client), atMs: z.number() }).optional(),
  task: z.boolean().optional(),
  ready: z.array(client).optional(),
});

const byteCount = z.strictObject({ raw: z.number(), payload: z.number(), wire: z.number() });

/** What a half measured: a run that diverges measures infinities too. */
const byteCounts = z.strictObject({ up: byteCount, down: byteCount, peer: byteCount });

const measured = z.custom<number>((value) => typeof value === 'number', { error: 'expected a number' });

/** Coordinator to observers, once a round is done. */
export const progress = z.strictObject({
  round,
  rounds: round,
  loss: measured.nullable(),
  accuracy: measured.nullable(),
  bytes: z.number(),
  wallMs: z.number(),
});

/** Coordinator to observers, first. */
export const welcome = z.strictObject({ proof });

/** Coordinator to observers, every second: who hosts clients. */
export const seats = z.strictObject({
  phase: z.enum(['gathering', 'preparing', 'running', 'over']),
  epoch: round,
  /** Rounds that are done, and of the scenario. */
  round,
  rounds: round,
  seats: z.array(
    z.strictObject({
      seat: round,
      generation: round,
      /** Of the worker that holds it, or held it last; null: it was never taken. */
      name: shown().nullable(),
      /** 'down': held by a worker whose connection is cut. */
      state: z.enum(['open', 'loading', 'ready', 'down']),
      clients: round,
      /** Since the last sign of life of its holder, milliseconds; null: it is open. */
      silentMs: z.number().nullable(),
    }),
  ),
  /** Names of the workers that wait for a seat. */
  spares: z.array(shown()),
});

/** Coordinator to observers: no other round will be done. */
export const over = z.strictObject({ ending });

const codingCost = z.strictObject({
  encodeMs: z.number(),
  decodeMs: z.number(),
  squaredError: z.number(),
  squaredNorm: z.number(),
});

const elapsed = z.number().nonnegative();

export const done = z.strictObject({
  epoch: round,
  generation: round,
  index: round,
  attempt: round,
  parties: z.array(
    z.strictObject({
      party,
      clockMs: z.number(),
      measures: z.array(z.tuple([z.string(), measured])),
      unusedMessages: z.array(z.strictObject({ kind: z.string(), step: round, from: party, to: party })),
      unused: z.array(client),
      ledger: z.array(ledgerEntryShape(z)),
      coding: z.strictObject({ up: codingCost, down: codingCost, peer: codingCost }),
      sent: byteCounts.optional(),
      times: z
        .strictObject({ heldMs: elapsed, heldExamples: elapsed, examples: elapsed, computedMs: elapsed })
        .optional(),
      metMs: z.number().optional(),
    }),
  ),
  absences: z.array(z.strictObject({ round, kind: z.string(), step: round, from: party, to: party, why })),
  bytes: z.strictObject({ up: byteCount, down: byteCount, peer: byteCount }),
  tensorCounts: z.array(z.number()),
  /** How often each fault rule acted in the worker since its last report. */
  firings: z.array(z.number().int().nonnegative()),
});

export const failed = z.strictObject({
  epoch: round,
  generation: round,
  index: round,
  attempt: round,
  code: z.string(),
  message: shown(),
});

/** Coordinator to worker: the run is over, or this worker cannot take part in it. */
export const stop = z.union([z.strictObject({ over: ending }), z.strictObject({ refused: shown(1000) })]);

/** 'waits' over a numbered link: the answer repeats the number. */
export const numberedQuestion = z.strictObject({ request: round });

/** Answer to 'waits': who waits for what, and whether some half computes. */
export const waits = z.strictObject({ waits: z.array(shown()), computing: z.boolean() });

export const numberedWaits = waits.extend({ request: round });

export const settle = z.strictObject({
  round,
  attempt: round,
  abandoned: z.boolean(),
  voided: z.array(client),
  undelivered: z.array(
    z.strictObject({ client, posts: z.array(z.strictObject({ kind: z.string(), step: round, to: client })) }),
  ),
  cohort: z.array(client),
});

/** Coordinator to worker: the attempt is over for these clients, or (null) for all. */
export const abort = z.strictObject({ index: round, attempt: round, clients: z.array(client).nullable() });

/** Coordinator to worker: send what these clients hold, over the frame socket, under this request number. */
export const collect = z.strictObject({
  request: round,
  what: z.enum(['estimates', 'records']),
  clients: z.union([z.literal('all'), z.array(client)]),
});

/** Over the frame socket, packed: seals, the answers to `collect`, records to restore. */
export const packed = z.discriminatedUnion('type', [
  z.strictObject({
    type: z.literal('seals'),
    seals: z.array(z.strictObject({ round, attempt: round, from: party, counts: z.array(round), to: z.array(party) })),
  }),
  /** In place of frames of a kind that declares a bound: the sum of their messages. `kind`: its index; `sums`: float64, little-endian. */
  z.strictObject({
    type: z.literal('sum'),
    kind: round,
    round,
    attempt: round,
    step: round,
    frames: z.array(z.strictObject({ from: client, arrivesAtMs: elapsed, bodyBytes: round })).min(1),
    sums: z.array(z.instanceof(Uint8Array)),
  }),
  z.strictObject({
    type: z.literal('collected'),
    request: round,
    client,
    data: z.instanceof(Uint8Array),
  }),
  z.strictObject({ type: z.literal('collected-all'), request: round }),
  z.strictObject({ type: z.literal('restore'), client, data: z.instanceof(Uint8Array) }),
  z.strictObject({ type: z.literal('restored-all'), request: round }),
  /** A control message of an epoch, over a numbered link: it survives a cut, and no frame overtakes it. */
  z.strictObject({ type: z.literal('control'), event: shown(20), content: z.unknown() }),
]);

/** A question without content. */
export const nothing = z.strictObject({});

export type Hello = z.infer<typeof hello>;
export type Admission = z.infer<typeof admission>;
export type Stop = z.infer<typeof stop>;
export type Assign = z.infer<typeof assign>;
export type Introduction = z.infer<typeof introduce>;
export type Progress = z.infer<typeof progress>;
export type Seats = z.infer<typeof seats>;
export type Over = z.infer<typeof over>;
export type Ready = z.infer<typeof ready>;
export type Waits = z.infer<typeof waits>;
export type Done = z.infer<typeof done>;
export type Failed = z.infer<typeof failed>;
export type Collect = z.infer<typeof collect>;
export type Packed = z.infer<typeof packed>;

interface QueuedSeal {
  readonly seal: Seal;
  readonly to: readonly PartyId[];
}

/** Values of a seal beside its receivers, about: it takes the room of as many receivers in a message. */
export const SEAL_VALUES = 20;

/** Seals that travel together, each to the parties that wait for it; in several messages where these are many. */
export function sealsMessages(queued: readonly QueuedSeal[]): readonly Packed[] {
  const messages: Extract<Packed, { type: 'seals' }>[] = [];
  let room = 0;
  for (const { seal, to } of queued)
    for (let at = 0; at < to.length; at += LIMITS.sealReceivers) {
      const part = to.slice(at, at + LIMITS.sealReceivers);
      if (part.length + SEAL_VALUES > room) {
        messages.push({ type: 'seals', seals: [] });
        room = LIMITS.sealReceivers + SEAL_VALUES;
      }
      room -= part.length + SEAL_VALUES;
      messages.at(-1)!.seals.push({ ...seal, counts: [...seal.counts], to: part });
    }
  return messages;
}

/** The message, or ERR_PROTOCOL with the sender and what it sent instead. */
export function checked<S extends z.ZodType>(schema: S, value: unknown, what: string): z.output<S> {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  const where = issue?.path.join('.') || 'message';
  throw new GradswarmError('ERR_PROTOCOL', printable(`${what}: ${where}: ${issue?.message}`));
}
