import { expect } from 'chai';
import { crc32 } from '../../../protocol/wire/checksum.js';
import { foldedCrc32 } from '../../../protocol/wire/simd/checksum-pieces.js';

/** Of the checksum, its highest term first. */
const POLYNOMIAL = 0x104c11db7n;
/** Bytes of a piece, and those before it that the module keeps. */
const PIECE = 66048;
const SPAN = 4800;

/** The remainder of x to this power. */
function power(exponent: number): bigint {
  let remainder = 1n;
  for (let i = 0; i < exponent; i++) {
    remainder <<= 1n;
    if (remainder >> 32n) remainder ^= POLYNOMIAL;
  }
  return remainder;
}

function bytesOf(length: number): Uint8Array {
  let state = length;
  return Uint8Array.from({ length }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state >>> 24;
  });
}

describe('the checksum of long bodies', () => {
  it('rests on a multiple of its polynomial with five terms, 128 bits apart', () => {
    expect([300, 155, 117, 89, 0].reduce((sum, place) => sum ^ power(128 * place), 0n)).to.equal(0n);
  });

  it('is that of a table at every length around the edges of pieces, whatever came before', () => {
    const edges = [12 << 10, PIECE, PIECE + SPAN, 2 * PIECE, 2 * PIECE + SPAN, 2 * PIECE - SPAN];
    const all = bytesOf(2 * PIECE + SPAN + 300);
    for (const edge of edges)
      for (let length = edge - 140; length <= edge + 140; length += 7)
        for (const previous of [0, 0xffffffff, 0x12345678]) {
          const bytes = all.subarray(1, 1 + length);
          expect(foldedCrc32(bytes, previous, crc32), `${length} bytes after ${previous}`).to.equal(
            crc32(bytes, previous),
          );
        }
  });

  it('leaves the table no more than the span of the module and a step', () => {
    const asked: number[] = [];
    const bytes = bytesOf(300_000);
    const sum = foldedCrc32(bytes, 0, (rest, previous) => {
      asked.push(rest.byteLength);
      return crc32(rest, previous);
    });
    expect(sum).to.equal(crc32(bytes));
    expect(asked).to.have.lengthOf(1);
    expect(asked[0]).to.be.within(SPAN, SPAN + 127);
  });

  it('changes when one bit anywhere does, and leaves the body as it is', () => {
    const bytes = bytesOf(PIECE + 20_000);
    const before = Uint8Array.from(bytes);
    const sum = foldedCrc32(bytes, 0, crc32);
    expect(bytes).to.deep.equal(before);
    for (let bit = 0; bit < 8 * bytes.length; bit += 4999) {
      bytes[bit >> 3]! ^= 1 << (bit & 7);
      expect(foldedCrc32(bytes, 0, crc32), `bit ${bit}`).not.to.equal(sum);
      bytes[bit >> 3]! ^= 1 << (bit & 7);
    }
  });
});
