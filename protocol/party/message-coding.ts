import { bySegment } from '../codecs/by-segment.js';
import type { Codec } from '../codecs/codec.js';
import type { Memory } from '../codecs/memory.js';
import { loadCodec, loadMemory } from '../codecs/registry.js';
import type { PartyId, Precision, ReadonlyVector, Rng, Segment } from '../method.js';
import type { KindCodec } from '../scenario/scenario.js';
import { GradswarmError } from '../wire/error-codes.js';
import type { Frame } from '../wire/frame.js';
import type { AnyPayload, EncodedMessage, KindLayout, VectorPacking } from '../wire/layout.js';

/** Changes what a peer hears after decoding: noise of one directed link. */
export type Hearing = (
  value: ReadonlyVector,
  frame: Frame,
  layout: KindLayout,
  field: string,
  message: number,
) => ReadonlyVector;

/** Changes what a party says before it is encoded: noise that all receivers of the post share. `streamOf`: of this post and field. */
export type Speaking = (
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

/** What lies beside the codecs; each part may be missing. */
export interface CodingSurroundings {
  readonly hearing: Hearing | null;
  readonly speaking: Speaking | null;
  /** Simulated time for each entry of a vector that passes a codec. */
  nsPerParameterCoded(party: PartyId, round: number): number;
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
  private changed: Record<string, unknown> | null = null;

  constructor(
    private readonly codings: ReadonlyMap<string, KindCoding>,
    private readonly precision: Precision,
    private readonly kept: Memories,
    private readonly around: CodingSurroundings,
  ) {}

  /** Memories as this attempt leaves them. */
  get memories(): Memories {
    return this.changed ?? this.kept;
  }

  /** `stream`: name of the codec memory; null for a broadcast, undefined for a personal payload that names none. */
  encode(
    layout: KindLayout,
    step: number,
    stream: string | number | null | undefined,
    posted: AnyPayload,
    round: CodingRound,
    position = 0,
  ): { readonly message: EncodedMessage; readonly delivered: AnyPayload } {
    const payload = this.around.speaking
      ? this.spoken(this.around.speaking, layout, step, posted, round, position)
      : posted;
    const coding = this.codings.get(layout.name);
    if (!coding) return { message: layout.encode(payload, null), delivered: payload };
    if (coding.memory && stream === undefined)
      throw new GradswarmError(
        'ERR_CODEC_REFUSED',
        `kind '${layout.name}': memory '${coding.memory.name}' on personal payloads needs a stream for each; ` +
          'name one in postEach, or set the kind without a memory',
      );
    const delivered: Record<string, AnyPayload[string]> = { ...payload };
    const packing: VectorPacking = {
      encode: (field, value) => {
        const coins = round.rng.derive('codec', layout.name, field, step, position);
        const [body, heard] = this.pack(coding, `${layout.name}/${field}/${stream ?? ''}`, value, coins);
        delivered[field] = heard;
        this.charge(value.length, round);
        return body;
      },
      decode: refuseToDecode,
    };
    return { message: layout.encode(payload, packing), delivered };
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
            const decoded = coding.codec.decode(body, length, this.precision);
            this.charge(length, round);
            if (!coding.memory?.receiver) return decoded;
            return this.remember(coding.memory, `from ${frame.from}/${layout.name}/${field}/${position}`, decoded);
          },
        }
      : null;
    const payload = layout.decode(message, frame.from, packing) as Record<string, AnyPayload[string]> & {
      from: PartyId;
    };
    const { hearing } = this.around;
    if (hearing && frame.from !== frame.to)
      for (const field of layout.vectors)
        payload[field] = hearing(payload[field] as ReadonlyVector, frame, layout, field, position);
    return payload;
  }

  private spoken(
    speaking: Speaking,
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
      payload[field] = speaking(posted[field] as ReadonlyVector, post, streamOf);
    }
    return payload;
  }

  private charge(entries: number, round: CodingRound): void {
    const nanoseconds = this.around.nsPerParameterCoded(round.self, round.index);
    if (nanoseconds > 0) round.clockMs += (entries * nanoseconds) / NANOSECONDS_PER_MS;
  }

  /** Body, and what its receivers will hold. */
  private pack(
    coding: KindCoding,
    key: string,
    value: ReadonlyVector,
    coins: Rng,
  ): readonly [Uint8Array, ReadonlyVector] {
    const { codec, memory } = coding;
    if (!memory) {
      const body = codec.encode(value, coins);
      return [body, codec.decode(body, value.length, this.precision)];
    }
    const state = this.memories[key] ?? memory.init(value.length, this.precision);
    const prepared = memory.prepare(state, value);
    const body = codec.encode(prepared, coins);
    const decoded = codec.decode(body, value.length, this.precision);
    const heard = memory.deliveredValue(state, decoded);
    this.write(key, memory.settle(state, value, prepared, decoded));
    return [body, heard];
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

const NANOSECONDS_PER_MS = 1e6;

function refuseToDecode(): never {
  throw new Error('a sender does not decode');
}

function refuseToEncode(): never {
  throw new Error('a receiver does not encode');
}
