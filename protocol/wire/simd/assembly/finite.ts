/*
 * The test for finite numbers, four words of 32 bits in a vector, in AssemblyScript; `npm run build` compiles it. The plain loop is in
 * ../../finite.ts.
 */

/** Bytes that one call looks at, at most. */
const MOST: i32 = 8192;

const room: usize = memory.data(8192, 16);
export const input: i32 = <i32>room;

/** Are all numbers of the first `bytes` bytes, a multiple of 32, finite? `isWide`: of 8 bytes, whose upper words have the exponent. */
export function finite(bytes: i32, isWide: bool): bool {
  const exponent = isWide ? i32x4(0, 0x7ff00000, 0, 0x7ff00000) : i32x4.splat(0x7f800000);
  const lowest = isWide ? i32x4(0, 0x00100000, 0, 0x00100000) : i32x4.splat(0x00800000);
  let a = i32x4.splat(0);
  let b = i32x4.splat(0);
  for (let at = room, end = room + min(bytes, MOST); at < end; at += 32) {
    a = v128.or(a, i32x4.add(v128.and(v128.load(at), exponent), lowest));
    b = v128.or(b, i32x4.add(v128.and(v128.load(at, 16), exponent), lowest));
  }
  return !i32x4.bitmask(v128.or(a, b));
}
