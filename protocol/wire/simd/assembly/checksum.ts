/*
 * CRC-32 of long bodies, most of it by exclusive or of words of 16 bytes, in AssemblyScript; `npm run build` compiles it.
 *
 * A checksum is the remainder of the bytes, read as a polynomial over two elements, by the one of IEEE 802.3. x^300 + x^155 + x^117 +
 * x^89 + 1 is a multiple of it, so is each power of that, and the power of 128 has its terms 128 bits apart. So the remainder stays
 * when a word becomes 0 and is added to the words that come 300 - 155, 300 - 117, 300 - 89 and 300 places after it. Here each word pulls
 * what is added to it from those before, and is left where it is: of a body all but the last 300 words need no table.
 */

/** Bytes of 300 words, which stay before the piece: how far back the oldest word is that the next ones pull. */
const SPAN: i32 = 4800;
/** Where the word that is to be changed lies, and those it pulls, counted in bytes from the oldest of them. */
const OWN: usize = 4800;
const FIRST: usize = 4800 - 16 * 145;
const SECOND: usize = 4800 - 16 * 183;
const THIRD: usize = 4800 - 16 * 211;

/** Bytes of a piece, at most. */
const PIECE: i32 = 66048;

const room: usize = memory.data(4800 + 66048, 64);
export const input: i32 = <i32>room + SPAN;
export const piece: i32 = PIECE;
export const span: i32 = SPAN;

function pulledByAll(at: usize): v128 {
  const oldest = v128.xor(v128.load(at), v128.load(at, THIRD));
  return v128.xor(v128.xor(v128.load(at, OWN), oldest), v128.xor(v128.load(at, SECOND), v128.load(at, FIRST)));
}

/** A body begins: nothing is pulled from before it. */
export function begin(): void {
  memory.fill(room, 0, SPAN);
}

/** Changes the first `bytes` bytes of the piece, a multiple of 128. */
export function fold(bytes: i32): void {
  for (let at = room, end = room + bytes; at < end; at += 128) {
    v128.store(at, pulledByAll(at), OWN);
    v128.store(at, pulledByAll(at + 16), OWN + 16);
    v128.store(at, pulledByAll(at + 32), OWN + 32);
    v128.store(at, pulledByAll(at + 48), OWN + 48);
    v128.store(at, pulledByAll(at + 64), OWN + 64);
    v128.store(at, pulledByAll(at + 80), OWN + 80);
    v128.store(at, pulledByAll(at + 96), OWN + 96);
    v128.store(at, pulledByAll(at + 112), OWN + 112);
  }
}

/** All `bytes` of the piece were changed, and another follows. */
export function next(bytes: i32): void {
  memory.copy(room, room + bytes, SPAN);
}

/** The first `bytes` bytes were changed, and the body ends within two spans: what follows them has the checksum of the whole body. */
export function end(bytes: i32): void {
  let at = room + bytes;
  const first = at;
  // Words are pulled from those that were changed, and from no others.
  for (; at < first + 16 * 145; at += 16) v128.store(at, pulledByAll(at), OWN);
  for (; at < first + 16 * 183; at += 16) {
    const oldest = v128.xor(v128.load(at), v128.load(at, THIRD));
    v128.store(at, v128.xor(v128.xor(v128.load(at, OWN), oldest), v128.load(at, SECOND)), OWN);
  }
  for (; at < first + 16 * 211; at += 16)
    v128.store(at, v128.xor(v128.load(at, OWN), v128.xor(v128.load(at), v128.load(at, THIRD))), OWN);
  for (; at < first + 16 * 300; at += 16) v128.store(at, v128.xor(v128.load(at, OWN), v128.load(at)), OWN);
}
