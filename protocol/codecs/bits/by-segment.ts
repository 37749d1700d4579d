import type { Precision, ReadonlyVector, Rng, Segment } from '../../method.js';
import type { BodyRoom, Codec } from '../codec.js';
import { malformed, newBody, resultOf } from './body.js';

/**
 * A codec applied tensor by tensor, so that one with large entries does not drown the others: its own scale, its own k, its
 * own stream (`rng.derive('segment', j)`). Bodies follow each other in segment order; a codec without a fixed size has each
 * preceded by its length in 4 bytes. A vector whose length is not the segments' total is no model: it is coded whole.
 *
 * The contract is the codec's own: if it holds on every part it holds on the sum, with the smallest delta, the largest omega.
 */
export function bySegment(codec: Codec, segments: readonly Segment[]): Codec {
  if (codec.bySegment) return codec.bySegment(segments);
  const lengths = segments.map(({ shape }) => shape.reduce((product, size) => product * size, 1));
  let total = 0;
  for (const [j, { name, offset }] of segments.entries()) {
    if (offset !== total)
      throw new RangeError(`segment ${name} begins at ${offset}, not where the last one ends, ${total}`);
    total += lengths[j]!;
  }
  const partsOf = (length: number): readonly number[] => (length === total ? lengths : [length]);
  const { encodedBytes, expectedSquaredError } = codec;
  const headBytes = encodedBytes ? 0 : 4;
  return {
    name: codec.name,
    contract: codec.contract,
    ...(codec.omega !== undefined && { omega: codec.omega }),
    encode: (value, rng, room) => encode(codec, value, partsOf(value.length), headBytes, rng, room),
    decode(body, length, precision, into) {
      const result = resultOf(length, precision, into);
      let at = 0;
      let from = 0;
      for (const part of partsOf(length)) {
        if (at + headBytes > body.length) malformed(codec.name, 'the bodies of the tensors end too early');
        const size = encodedBytes
          ? encodedBytes(part, precision)
          : new DataView(body.buffer, body.byteOffset + at).getUint32(0, true);
        at += headBytes;
        if (size > body.length - at) malformed(codec.name, `a tensor's body of ${size} bytes passes the end`);
        codec.decode(body.subarray(at, at + size), part, precision, result.subarray(from, from + part));
        at += size;
        from += part;
      }
      if (at !== body.length) malformed(codec.name, `${body.length - at} bytes after the last tensor`);
      return result;
    },
    ...(encodedBytes && {
      encodedBytes: (length: number, precision?: Precision) =>
        partsOf(length).reduce((bytes, part) => bytes + encodedBytes(part, precision), 0),
    }),
    ...(expectedSquaredError && {
      expectedSquaredError(value: ReadonlyVector) {
        let sum = 0;
        let from = 0;
        for (const part of partsOf(value.length)) {
          sum += expectedSquaredError(value.subarray(from, from + part));
          from += part;
        }
        return sum;
      },
    }),
  };
}

function encode(
  codec: Codec,
  value: ReadonlyVector,
  parts: readonly number[],
  headBytes: number,
  rng: Rng,
  room: BodyRoom = newBody,
): Uint8Array {
  const bodies: Uint8Array[] = [];
  let from = 0;
  let size = 0;
  for (const [j, part] of parts.entries()) {
    const body = codec.encode(value.subarray(from, from + part), rng.derive('segment', j));
    bodies.push(body);
    size += headBytes + body.length;
    from += part;
  }
  const whole = room(size);
  const view = new DataView(whole.buffer);
  let at = 0;
  for (const body of bodies) {
    if (headBytes > 0) view.setUint32(at, body.length, true);
    whole.set(body, at + headBytes);
    at += headBytes + body.length;
  }
  return whole;
}
