import type { Codec } from '../codecs/codec.js';
import type { PartyId, Precision, ReadonlyVector, Rng, Vector } from '../method.js';
import type { Frame } from '../wire/frame.js';
import type { AnyPayload, EncodedMessage, KindLayout, VectorPacking } from '../wire/layout.js';

/** Changes what a peer hears after decoding: noise of one directed link. Null: nothing. */
export type Hearing = (
  value: ReadonlyVector,
  frame: Frame,
  layout: KindLayout,
  field: string,
  message: number,
) => ReadonlyVector;

/** The codec of one kind, and who keeps what it leaves out. */
export interface KindCoding {
  readonly codec: Codec;
}

interface CodingRound {
  readonly rng: Rng;
}

/** Turns one party's payloads into messages and back, by the codecs that the scenario set for each kind. */
export class MessageCoding {
  constructor(
    private readonly codings: ReadonlyMap<string, KindCoding>,
    private readonly precision: Precision,
    readonly memories: Readonly<Record<string, unknown>>,
    private readonly hearing: Hearing | null,
  ) {}

  /** `stream`: name of the codec memory; null for the broadcast stream, undefined for a personal payload without one. */
  encode(
    layout: KindLayout,
    step: number,
    _stream: string | number | null | undefined,
    payload: AnyPayload,
    round: CodingRound,
  ): { readonly message: EncodedMessage; readonly delivered: AnyPayload } {
    const coding = this.codings.get(layout.name);
    if (!coding) return { message: layout.encode(payload, null), delivered: payload };
    const delivered: Record<string, AnyPayload[string]> = { ...payload };
    const packing: VectorPacking = {
      encode: (field, value) => {
        const body = coding.codec.encode(value, round.rng.derive('codec', layout.name, field, step));
        delivered[field] = coding.codec.decode(body, value.length, this.precision);
        return body;
      },
      decode: (_field, body, length) => coding.codec.decode(body, length, this.precision),
    };
    return { message: layout.encode(payload, packing), delivered };
  }

  decode(
    layout: KindLayout,
    frame: Frame,
    message: EncodedMessage,
    position: number,
  ): AnyPayload & { readonly from: PartyId } {
    const coding = this.codings.get(layout.name);
    const packing: VectorPacking | null = coding
      ? {
          encode: () => new Uint8Array(),
          decode: (_field, body, length): Vector => coding.codec.decode(body, length, this.precision),
        }
      : null;
    const payload = layout.decode(message, frame.from, packing) as Record<string, AnyPayload[string]> & {
      from: PartyId;
    };
    if (this.hearing && frame.from !== frame.to)
      for (const field of layout.vectors)
        payload[field] = this.hearing(payload[field] as ReadonlyVector, frame, layout, field, position);
    return payload;
  }
}
