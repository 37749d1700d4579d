import { bySegment } from '../codecs/bits/by-segment.js';
import type { Codec } from '../codecs/codec.js';
import type { Memory } from '../codecs/memory.js';
import { loadCodec, loadMemory } from '../codecs/registry.js';
import { GradswarmError } from '../errors.js';
import type { PartyId, Precision, ReadonlyVector, Rng, Segment, Vector } from '../method.js';
import { squaredDistance, squaredNorm } from '../numerics/vector.js';
import type { KindCodec } from '../scenario/scenario.js';
import type { AnyPayload, EncodedMessage, VectorPacking } from '../wire/encoded-message.js';
import type { Frame, Release } from '../wire/frame.js';
import type { KindLayout } from '../wire/layout.js';
import { type CodingCosts, type CodingSums, FREE_OF_CODING, noCodingCosts, wayOf } from './coding-cost.js';
import type { LentVectors } from './lent-vectors.js';
import { LevelMeasurements } from './level-measurements.js';
import { type BodyMemory, MessageBodies } from './message-bodies.js';
import { MessageJournal, type Missed } from './message-journal.js';
import { liesIn } from './shared-memory.js';

/** Changes what a peer receives after decoding: noise of one directed link. */
export type ReceiveTransform = (
  value: ReadonlyVector,
  frame: Frame,
  layout: KindLayout,
  field: string,
  message: number,
) => ReadonlyVector;

/** Changes what a party sends before it is encoded: noise that all receivers of the post share. `streamOf`: of this post and field. */
export type SendTransform = (
  value: ReadonlyVector,
  post: { readonly from: PartyId; readonly round: number; readonly layout: KindLayout },
  streamOf: (purpose: string) => Rng,
) => ReadonlyVector;

/** The round in which a party encodes and decodes. Coding moves its clock. */
export interface CodingRound {
  readonly rng: Rng;
  readonly index: number;
  readonly self: PartyId;
  clockMs: number;
}

/** Parts other than the codecs; each is optional. */
export interface CodingSurroundings {
  readonly receiveTransform: ReceiveTransform | null;
  readonly sendTransform: SendTransform | null;
  /** Simulated time for each entry of a vector that passes a codec. */
  nsPerParameterCoded(party: PartyId, round: number, atMs: number): number;
  /** Milliseconds of a clock, for the times of codecs alone; left out: they count as 0. */
  readonly now?: () => number;
  /** Where codecs write. Left out: into new memory. */
  readonly bodies?: BodyMemory;
  /** What memories of codecs may write to. Left out: they make new vectors. */
  readonly vectors?: Pick<LentVectors, 'borrowLike' | 'giveBack'>;
}

/** The codec of one kind, and who keeps what it leaves out. */
export interface KindCoding {
  readonly codec: Codec;
  readonly memory: Memory | null;
}

/** Codecs and memories of all kinds that have one; vectors of other kinds travel as they are. */
export async function loadCodings(
  codecs: Readonly<Record<string, KindCodec>>,
  segments: readonly Segment[],
): Promise<ReadonlyMap<string, KindCoding>> {
  const codings = new Map<string, KindCoding>();
  for (const [kind, { codec: spec, memory, scope }] of Object.entries(codecs)) {
    if (spec.name === 'identity' && memory === null) continue;
    const codec = await loadCodec(spec);
    codings.set(kind, {
      codec: scope === 'tensor' ? bySegment(codec, segments) : codec,
      memory: memory === null ? null : await loadMemory(memory),
    });
  }
  return codings;
}

type Memories = Readonly<Record<string, unknown>>;

/**
 * Turns one party's payloads into messages and back for one attempt at a round. Codec memories are read from the party's record
 * and written to a copy, which becomes the record's when the round is committed.
 */
export class MessageCoding {
  private sums: CodingSums | null = null;
  private changed: Record<string, unknown> | null = null;
  private readonly journal = new MessageJournal();
  /** See `keeps`. */
  private keptVectors: WeakSet<ReadonlyVector> | null = null;
  /** Messages with vectors that are views of their bodies. */
  private viewed: WeakSet<EncodedMessage> | null = null;
  /** The vectors by which levels are chosen, in a round that measures. */
  readonly measured = new LevelMeasurements();

  constructor(
    private readonly codings: ReadonlyMap<string, KindCoding>,
    private readonly precision: Precision,
    private readonly kept: Memories,
    private readonly around: CodingSurroundings,
  ) {}

  /** Is this vector of a message still needed: for a memory of its codec, or for what it measures? */
  keeps(vector: ReadonlyVector): boolean {
    return this.keptVectors?.has(vector) ?? false;
  }

  /** What codecs cost in this attempt. */
  get costs(): CodingCosts {
    return this.sums ?? FREE_OF_CODING;
  }

  private costOf(layout: KindLayout) {
    return (this.sums ??= noCodingCosts())[wayOf(layout.kind)];
  }

  /** Memories as this attempt leaves them while nothing is known of what was missed. */
  get memories(): Memories {
    return this.changed ?? this.kept;
  }

  /**
   * Memories when the round is over: messages that reached no receiver are returned, and those of clients whose round is void were
   * never received.
   */
  settled(missed: Missed, voided: readonly PartyId[]): Memories {
    if (!this.changed) return this.kept;
    const memories: Record<string, unknown> = { ...this.changed, ...this.journal.putBack(missed) };
    for (const client of voided)
      for (const key of Object.keys(memories)) {
        if (!key.startsWith(`from ${client}/`)) continue;
        if (Object.hasOwn(this.kept, key)) memories[key] = this.kept[key];
        else delete memories[key];
      }
    return memories;
  }

  /** Does a codec choose its level by what is sent in this round? */
  measuresIn(round: number): boolean {
    for (const { codec } of this.codings.values()) if (codec.control?.measuredIn(round)) return true;
    return false;
  }

  /** Moves the levels; `again`: an independent draw of the round. Returns each kind's mean level from now on. */
  adjustLevels(again: MessageCoding): ReadonlyMap<string, number> {
    const { states, levels } = this.measured.next(again.measured, this.memories);
    for (const [key, state] of states) this.write(key, state);
    return levels;
  }

  /**
   * `stream`: name of the codec memory; null for a broadcast, undefined for a personal payload that names none. `free`: called when no
   * receiver reads the message any more; null: nothing of it can be used again.
   */
  encode(
    layout: KindLayout,
    step: number,
    stream: string | number | null | undefined,
    posted: AnyPayload,
    round: CodingRound,
    position = 0,
    receivers: readonly PartyId[] = [],
  ): { readonly message: EncodedMessage; readonly delivered: AnyPayload; readonly free: Release | null } {
    const payload = this.around.sendTransform
      ? this.transformed(this.around.sendTransform, layout, step, posted, round, position)
      : posted;
    const coding = this.codings.get(layout.name);
    if (!coding) return { message: layout.encode(payload, null), delivered: payload, free: null };
    if (coding.memory && stream === undefined)
      throw new GradswarmError(
        'ERR_CODEC_REFUSED',
        `kind '${layout.name}': memory '${coding.memory.name}' on personal payloads needs a stream for each; ` +
          'name one in postEach, or set the kind without a memory',
      );
    const delivered: Record<string, AnyPayload[string]> = { ...payload };
    const bodies = this.around.bodies ? new MessageBodies(this.around.bodies) : null;
    const packing: VectorPacking = {
      encode: (field, value) => {
        const coins = round.rng.derive('codec', layout.name, field, step, position);
        const address = { layout, field, step, position, receivers, key: `${layout.name}/${field}/${stream ?? ''}` };
        const [body, received] = this.pack(coding, address, value, coins, round, bodies);
        delivered[field] = received;
        this.charge(value.length, round);
        return body;
      },
      decode: refuseToDecode,
    };
    const message = layout.encode(payload, packing);
    return { message, delivered, free: bodies?.release ?? null };
  }

  /** Have the messages of this frame been decoded into what shares no memory with its body? Then that is not read any more. */
  isDecoded({ name, integers, bytes }: KindLayout, { messages }: Frame): boolean {
    const isCopied = this.codings.has(name) && integers.length + bytes.length === 0;
    return isCopied && !messages.some((message) => this.viewed?.has(message));
  }

  decode(
    layout: KindLayout,
    frame: Frame,
    message: EncodedMessage,
    position: number,
    round: CodingRound,
  ): AnyPayload & { readonly from: PartyId } {
    const coding = this.codings.get(layout.name);
    const packing: VectorPacking | null = coding
      ? {
          encode: refuseToEncode,
          decode: (field, body, length) => {
            const started = this.now();
            const decoded = coding.codec.decode(body, length, this.precision);
            if (decoded.buffer === body.buffer) (this.viewed ??= new WeakSet()).add(message);
            this.costOf(layout).decodeMs += this.now() - started;
            this.charge(length, round);
            if (!coding.memory?.receiver) return decoded;
            return this.remember(coding.memory, `from ${frame.from}/${layout.name}/${field}/${position}`, decoded);
          },
        }
      : null;
    const payload = layout.decode(message, frame.from, packing) as Record<string, AnyPayload[string]> & {
      from: PartyId;
    };
    const { receiveTransform } = this.around;
    if (receiveTransform && frame.from !== frame.to)
      for (const field of layout.vectors)
        payload[field] = receiveTransform(payload[field] as ReadonlyVector, frame, layout, field, position);
    return payload;
  }

  private transformed(
    sendTransform: SendTransform,
    layout: KindLayout,
    step: number,
    posted: AnyPayload,
    round: CodingRound,
    position: number,
  ): AnyPayload {
    const post = { from: round.self, round: round.index, layout };
    const payload: Record<string, AnyPayload[string]> = { ...posted };
    for (const field of layout.vectors) {
      const streamOf = (purpose: string): Rng => round.rng.derive('post', purpose, layout.name, field, step, position);
      payload[field] = sendTransform(posted[field] as ReadonlyVector, post, streamOf);
    }
    return payload;
  }

  private charge(entries: number, round: CodingRound): void {
    const nanoseconds = this.around.nsPerParameterCoded(round.self, round.index, round.clockMs);
    if (nanoseconds > 0) round.clockMs += (entries * nanoseconds) / NANOSECONDS_PER_MS;
  }

  /** Body, and what its receivers will hold. */
  private pack(
    { codec, memory }: KindCoding,
    address: Address,
    value: ReadonlyVector,
    coins: Rng,
    round: CodingRound,
    bodies: MessageBodies | null,
  ): readonly [Uint8Array, ReadonlyVector] {
    const { key, layout, step, position } = address;
    const { control } = codec;
    const levelKey = `level ${key}`;
    const state = memory ? (this.memories[key] ?? memory.init(value.length, this.precision)) : null;
    const started = this.now();
    const lent = memory && this.around.vectors?.borrowLike(value);
    const prepared = memory ? memory.prepare(state, value, lent ?? undefined) : value;
    const used = control?.at(this.memories[levelKey] ?? control.init()) ?? codec;
    const body = used.encode(prepared, coins, bodies?.room);
    const cost = this.costOf(layout);
    cost.encodeMs += this.now() - started;
    const decoded = codec.decode(body, value.length, this.precision);
    bodies?.made(body, decoded);
    const squaredError = squaredDistance(decoded, prepared);
    cost.squaredError += squaredError;
    cost.squaredNorm += squaredNorm(prepared);
    if (control?.measuredIn(round.index)) {
      const compressionVariance = used.expectedSquaredError?.(prepared) ?? squaredError;
      const vector = { kind: layout.name, levelKey, control, value, compressionVariance };
      this.measured.note(`${key} ${step} ${position}`, vector);
      this.keep(value);
    }
    if (!memory) return [body, decoded];
    const received = memory.deliveredValue(state, decoded);
    const settled = memory.settle(state, value, prepared, decoded);
    this.write(key, settled);
    if (liesIn(settled, (value as Vector).buffer)) this.keep(value);
    if (lent && !liesIn([settled, received], lent.buffer)) this.around.vectors!.giveBack(lent);
    // An uplink that was not used voids the whole round: there is nothing to put back.
    if (layout.kind.to !== 'coordinator') {
      const others = address.receivers.filter((to) => to !== round.self);
      this.journal.note(key, memory, state, { kind: layout.name, step, value, decoded, receivers: others });
      this.keep(value);
    }
    return [body, received];
  }

  private keep(vector: ReadonlyVector): void {
    (this.keptVectors ??= new WeakSet()).add(vector);
  }

  private now(): number {
    return this.around.now?.() ?? 0;
  }

  private remember(memory: Memory, key: string, decoded: ReadonlyVector): ReadonlyVector {
    const receiver = memory.receiver!;
    const [value, next] = receiver.receive(
      this.memories[key] ?? receiver.init(decoded.length, this.precision),
      decoded,
    );
    this.write(key, next);
    return value;
  }

  private write(key: string, state: unknown): void {
    this.changed ??= { ...this.kept };
    this.changed[key] = state;
  }
}

/** Where one vector of one message belongs. */
interface Address {
  readonly layout: KindLayout;
  readonly field: string;
  readonly step: number;
  readonly position: number;
  readonly receivers: readonly PartyId[];
  /** Names the memory: kind, field and stream. */
  readonly key: string;
}

const NANOSECONDS_PER_MS = 1e6;

function refuseToDecode(): never {
  throw new Error('a sender does not decode');
}

function refuseToEncode(): never {
  throw new Error('a receiver does not encode');
}
