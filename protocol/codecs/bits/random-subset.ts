import { rootStream } from '../../numerics/random.js';

/**
 * `count` distinct indices below `length`, ascending, every set equally likely, as a function of a 64-bit seed: sender and
 * receiver draw the same. Uniform draws mark a bitmap until enough are marked; for more than half, the set left out is drawn.
 */
export function randomSubset(seedLow: number, seedHigh: number, count: number, length: number): Uint32Array {
  const result = new Uint32Array(count);
  const inverted = count > length / 2;
  const marked = inverted ? length - count : count;
  const marks = new Uint8Array(length);
  const rng = rootStream(0, 'float32').derive('random subset', seedLow, seedHigh);
  const words = new Uint32Array(Math.max(16, Math.min(4096, marked)));
  // Words from here on would make the low indices likelier.
  const limit = Math.floor(4294967296 / length) * length;
  for (let left = marked, at = words.length; left > 0; ) {
    if (at === words.length) {
      rng.words(words);
      at = 0;
    }
    const word = words[at++]!;
    if (word >= limit) continue;
    const index = word % length;
    if (marks[index] === 1) continue;
    marks[index] = 1;
    left--;
  }
  const wanted = inverted ? 0 : 1;
  for (let i = 0, found = 0; found < count; i++) if (marks[i] === wanted) result[found++] = i;
  return result;
}
