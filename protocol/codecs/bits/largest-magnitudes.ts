import type { ReadonlyVector } from '../../method.js';
import { kernelsFor, SIMD_CHUNK } from '../simd/kernels.js';
import { notFinite, wordsOf } from './body.js';

/**
 * The k largest magnitudes without sorting. The bits of |x| order like |x|, so a histogram of them finds the exact k-th. A
 * strided sample first gives a magnitude that a little more than k entries pass; one pass with a branch that is almost
 * never taken collects those, and the histogram runs on them alone. If the sample misled, everything is a candidate: the
 * sample decides the time and never the result. Scratch grows with the longest vector and is kept.
 */

const INFINITE = 0x7f800000;
const INFINITE_HIGH = 0x7ff00000;
const SAMPLE_STRIDE = 97;

let candidates = new Uint32Array(0);
let keys = new Uint32Array(0);
let lowKeys = new Uint32Array(0);
const histogram = new Uint32Array(2048);

function reserve(count: number): void {
  if (candidates.length >= count) return;
  candidates = new Uint32Array(count);
  keys = new Uint32Array(count);
  lowKeys = new Uint32Array(0);
}

/** The rank-th largest (from 1) of the first `count` unsigned keys: three histograms of 11, 11 and 10 bits. */
function largestKey(from: Uint32Array, count: number, rank: number): number {
  let prefix = 0;
  let left = rank;
  for (let shift = 21, width = 11, above = 32; ; ) {
    const bins = 1 << width;
    const mask = bins - 1;
    histogram.fill(0, 0, bins);
    if (above === 32) for (let i = 0; i < count; i++) histogram[from[i]! >>> 21]!++;
    else
      for (let i = 0; i < count; i++) {
        const key = from[i]!;
        if (key >>> above === prefix) histogram[(key >>> shift) & mask]!++;
      }
    let bin = bins - 1;
    while (histogram[bin]! < left) left -= histogram[bin--]!;
    prefix = ((prefix << width) | bin) >>> 0;
    if (shift === 0) return prefix;
    above = shift;
    width = shift === 21 ? 11 : 10;
    shift -= width;
  }
}

/** Words of the strided sample: a key that about `share` of all entries pass, a little more to be safe; 0 for no bound. */
function sampledBound(words: Uint32Array, length: number, kept: number): number {
  const step = words.length === length ? 1 : 2;
  const count = Math.floor(length / SAMPLE_STRIDE);
  const expected = kept / SAMPLE_STRIDE;
  const rank = Math.ceil(expected + 4 * Math.sqrt(expected) + 8);
  if (2 * rank > count) return 0;
  reserve(count);
  for (let i = 0, at = step - 1; i < count; i++, at += step * SAMPLE_STRIDE) keys[i] = words[at]! & 0x7fffffff;
  return largestKey(keys, count, rank);
}

/** Collects the indices and keys of all entries whose key is not below `bound`; -1 when there are more than fit. */
function collect(words: Uint32Array, length: number, bound: number, most: number): number {
  const high = words.length !== length;
  let count = 0;
  let i = 0;
  const simd = high ? null : kernelsFor(length, words.buffer);
  if (simd)
    for (const end = length & ~15; i < end; ) {
      const chunk = Math.min(SIMD_CHUNK, end - i);
      const found = simd.collect(simd.place(words, i, chunk), chunk, bound, i);
      if (count + found > most) return -1;
      candidates.set(simd.output.subarray(0, found), count);
      keys.set(simd.second.subarray(0, found), count);
      count += found;
      i += chunk;
    }
  for (; i < length; i++) {
    const key = words[high ? 2 * i + 1 : i]! & 0x7fffffff;
    if (key >= bound) {
      if (count === most) return -1;
      candidates[count] = i;
      keys[count++] = key;
    }
  }
  return count;
}

/**
 * Indices, ascending, of the `kept` largest |value_i|, 0 <= kept <= length; of equal magnitudes the lower index. Throws
 * ERR_CODEC_NOT_FINITE when one of them is not finite, which is the case if any entry is.
 */
export function largestMagnitudes(codec: string, value: ReadonlyVector, kept: number): Uint32Array {
  const { length } = value;
  const result = new Uint32Array(kept);
  if (length === 0) return result;
  const words = wordsOf(value);
  const single = words.length === length;
  let bound = length >= 8192 ? sampledBound(words, length, kept) : 0;
  let count = -1;
  if (bound > 0) {
    const most = Math.min(length, 3 * kept + 4096);
    reserve(most);
    count = collect(words, length, bound, most);
  }
  if (count < kept) {
    bound = 0;
    reserve(length);
    count = collect(words, length, bound, length);
  }
  let largest = 0;
  for (let i = 0; i < count; i++) largest = Math.max(largest, keys[i]!);
  if (largest >= (single ? INFINITE : INFINITE_HIGH))
    notFinite(codec, 'an entry is NaN or infinite; only finite numbers can be sent');
  if (kept === 0) return result;
  const threshold = largestKey(keys, count, kept);
  let above = 0;
  for (let i = 0; i < count; i++) if (keys[i]! > threshold) above++;
  return single
    ? takeSingle(result, count, threshold, kept - above)
    : takeDouble(result, words, count, threshold, kept - above);
}

function takeSingle(result: Uint32Array, count: number, threshold: number, ties: number): Uint32Array {
  let left = ties;
  let taken = 0;
  for (let i = 0; i < count; i++) {
    const key = keys[i]!;
    if (key < threshold || (key === threshold && left-- <= 0)) continue;
    result[taken++] = candidates[i]!;
  }
  return result;
}

/** In float64 the high words tie often: the low words of the tied ones decide. */
function takeDouble(
  result: Uint32Array,
  words: Uint32Array,
  count: number,
  threshold: number,
  ties: number,
): Uint32Array {
  if (lowKeys.length < count) lowKeys = new Uint32Array(candidates.length);
  let tied = 0;
  for (let i = 0; i < count; i++) if (keys[i] === threshold) lowKeys[tied++] = words[2 * candidates[i]!]!;
  const lowThreshold = largestKey(lowKeys, tied, ties);
  let left = ties;
  for (let i = 0; i < tied; i++) if (lowKeys[i]! > lowThreshold) left--;
  let taken = 0;
  for (let i = 0; i < count; i++) {
    const key = keys[i]!;
    if (key < threshold) continue;
    const index = candidates[i]!;
    if (key === threshold) {
      const low = words[2 * index]!;
      if (low < lowThreshold || (low === lowThreshold && left-- <= 0)) continue;
    }
    result[taken++] = index;
  }
  return result;
}
