import type { ReadonlyVector } from '../../method.js';
import { kernelsFor } from '../simd/kernels.js';
import { wordsOf } from './body.js';
import { type Coins, coinScratch } from './coins.js';

/** A grid of signed levels for every bucket: level 1 of bucket b is `units[b]`, 0 for a bucket of zeros. */
export interface LevelGrid {
  readonly units: ArrayLike<number>;
  readonly bucket: number;
  /** Highest level; what rounds beyond it stays there. */
  readonly top: number;
}

/**
 * Unbiased rounding of |x| / unit to an integer level, with the sign of x: floor(|x| / unit + u), u uniform. Fills levels[0,
 * to - from) for value[from, to), at most COINS_CHUNK entries and, except in the last call, a multiple of 4 of them.
 */
export function drawLevels(
  value: ReadonlyVector,
  from: number,
  to: number,
  grid: LevelGrid,
  coins: Coins,
  levels: Int32Array,
): void {
  const done = drawBySimd(value, from, to, grid, coins, levels);
  if (from + done === to) return;
  coins.fill(coinScratch, to - from - done);
  for (let start = from + done; start < to; ) {
    const b = Math.floor(start / grid.bucket);
    const end = Math.min(to, (b + 1) * grid.bucket);
    drawPiece(value, start, end, inverseOf(grid, b), grid.top, levels, from, from + done);
    start = end;
  }
}

function inverseOf({ units }: LevelGrid, b: number): number {
  return units[b]! > 0 ? 1 / units[b]! : 0;
}

function drawPiece(
  value: ReadonlyVector,
  start: number,
  end: number,
  inverse: number,
  top: number,
  levels: Int32Array,
  levelBase: number,
  coinBase: number,
): void {
  for (let i = start; i < end; i++) {
    const x = value[i]!;
    const magnitude = Math.abs(x) * inverse + coinScratch[i - coinBase]! * 2.3283064365386963e-10;
    const level = Math.floor(Math.min(magnitude, top));
    levels[i - levelBase] = x < 0 ? -level : level;
  }
}

/** As many entries as fill whole vectors of four, if the buckets do too. Returns how many. */
function drawBySimd(
  value: ReadonlyVector,
  from: number,
  to: number,
  grid: LevelGrid,
  coins: Coins,
  levels: Int32Array,
): number {
  const simd = value.BYTES_PER_ELEMENT === 4 && grid.bucket % 4 === 0 ? kernelsFor(value.length) : null;
  if (!simd) return 0;
  const count = (to - from) & ~3;
  simd.input.set(wordsOf(value).subarray(from, from + count));
  simd.coins.set(coins.state);
  for (let start = from; start < from + count; ) {
    const b = Math.floor(start / grid.bucket);
    const end = Math.min(from + count, (b + 1) * grid.bucket);
    simd.drawLevels(start - from, end - start, inverseOf(grid, b), grid.top);
    start = end;
  }
  coins.state.set(simd.coins);
  levels.set(simd.outputIntegers.subarray(0, count));
  return count;
}
