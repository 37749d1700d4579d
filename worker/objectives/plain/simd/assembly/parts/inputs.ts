import { number } from './pairs';

/** For each set of four lanes, as bits: the bytes of its lanes, moved to the front. */
const FRONT: usize = memory.data(256, 16);

function fillFront(): void {
  for (let set = 0; set < 16; set++) {
    let to = FRONT + 16 * set;
    for (let lane = 0; lane < 4; lane++)
      if ((set >> lane) & 1) {
        store<u32>(to, u32(0x03020100 + 0x04040404 * lane));
        to += 4;
      }
  }
}
fillFront();

/** Lists the non-zero numbers of a row: bases[p] = outputs times the index, values[p] = the number. Returns how many. */
export function listInputs(row: usize, features: i32, outputs: i32, bases: usize, values: usize): i32 {
  const none = f32x4.splat(0);
  const step = i32x4.splat(4 * outputs);
  let base = i32x4(0, outputs, 2 * outputs, 3 * outputs);
  let toBase = bases;
  let toValue = values;
  let j = 0;
  // Lanes past the last non-zero one are written too and overwritten by the next: no branch depends on the data.
  for (; j + 4 <= features; j += 4) {
    const x = v128.load(row + 4 * j);
    const found = i32x4.bitmask(f32x4.ne(x, none));
    const front = v128.load(FRONT + (found << 4));
    const kept = i8x16.swizzle(x, front);
    v128.store(toBase, i8x16.swizzle(base, front));
    v128.store(toValue, f64x2.promote_low_f32x4(kept));
    v128.store(toValue, f64x2.promote_low_f32x4(i64x2.shuffle(kept, kept, 1, 1)), 16);
    const count: usize = popcnt(found);
    toBase += 4 * count;
    toValue += 8 * count;
    base = i32x4.add(base, step);
  }
  for (; j < features; j++) {
    const value = number<f32>(row + 4 * j);
    if (value === 0) continue;
    store<i32>(toBase, j * outputs);
    store<f64>(toValue, value);
    toBase += 4;
    toValue += 8;
  }
  return i32((toBase - bases) >> 2);
}
