import { openModule } from './open-module.js';
import module from './words.wasm.js';

/** The module that `npm run build` makes of assembly/words.ts. The plain loop in ../random.ts gives the same bits. */

/** Blocks that the module makes in one call. */
const MOST_BLOCKS = 4096;
/** Fewer are not worth the copy out. */
const FEWEST_BLOCKS = 64;

interface Exports {
  readonly memory: WebAssembly.Memory;
  readonly output: WebAssembly.Global<'i32'>;
  fill(key0: number, key1: number, low: number, high: number, count: number): void;
  becomeFactors(count: number, limit: number, factor: number): void;
}

interface Loaded extends Pick<Exports, 'fill' | 'becomeFactors'> {
  readonly words: Uint32Array;
  readonly numbers: Float32Array;
}

let loaded: Loaded | null | undefined;
let enabled = true;

function instantiate() {
  const kernels = openModule<Exports>(module);
  if (kernels === null) return null;
  const { memory, output, fill, becomeFactors } = kernels;
  const place = [memory.buffer, output.value, 2 * MOST_BLOCKS] as const;
  return { fill, becomeFactors, words: new Uint32Array(...place), numbers: new Float32Array(...place) };
}

/** For tests: false makes the plain loop run. */
export function useWordSimd(use: boolean): void {
  enabled = use;
}

/**
 * Words of whole blocks of Threefry, two a block, from the counter (low, high) on. The number of blocks that are written: all, or none where
 * they are few, where the low word would go beyond its range, and without SIMD.
 */
export function fillBlocks(into: Uint32Array, key0: number, key1: number, low: number, high: number): number {
  return eachPiece(into.length, key0, key1, low, high, ({ words }, from, length) =>
    into.set(length === words.length ? words : words.subarray(0, length), from),
  );
}

/** The same, with `factor` in place of words from `limit` on, below 2^32, and 0 in place of the others. */
export function fillFactors(
  into: Float32Array,
  key0: number,
  key1: number,
  low: number,
  high: number,
  limit: number,
  factor: number,
): number {
  return eachPiece(into.length, key0, key1, low, high, ({ becomeFactors, numbers }, from, length) => {
    becomeFactors(length, limit | 0, factor);
    into.set(length === numbers.length ? numbers : numbers.subarray(0, length), from);
  });
}

/** Calls `take` for pieces of the words that lie in the module; the number of blocks that all have. */
function eachPiece(
  count: number,
  key0: number,
  key1: number,
  low: number,
  high: number,
  take: (module: Loaded, from: number, length: number) => void,
): number {
  const blocks = count >>> 1;
  if (!enabled || blocks < FEWEST_BLOCKS || (low >>> 0) + blocks >= 4294967296) return 0;
  if (loaded === undefined) loaded = instantiate();
  if (loaded === null) return 0;
  for (let from = 0; from < blocks; from += MOST_BLOCKS) {
    const some = Math.min(MOST_BLOCKS, blocks - from);
    loaded.fill(key0, key1, (low + from) | 0, high, some);
    take(loaded, 2 * from, 2 * some);
  }
  return blocks;
}
