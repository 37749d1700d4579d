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
}

let loaded: { readonly fill: Exports['fill']; readonly output: Uint32Array } | null | undefined;
let enabled = true;

function instantiate() {
  if (module === '') return null;
  try {
    const bytes = Uint8Array.from(atob(module), (letter) => letter.charCodeAt(0));
    const { memory, output, fill } = new WebAssembly.Instance(new WebAssembly.Module(bytes))
      .exports as unknown as Exports;
    return { fill, output: new Uint32Array(memory.buffer, output.value, 2 * MOST_BLOCKS) };
  } catch {
    // No WebAssembly, no SIMD, or forbidden by a page's policy: the plain loop does the same.
    return null;
  }
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
  const blocks = into.length >>> 1;
  if (!enabled || blocks < FEWEST_BLOCKS || (low >>> 0) + blocks >= 4294967296) return 0;
  if (loaded === undefined) loaded = instantiate();
  if (loaded === null) return 0;
  const { fill, output } = loaded;
  for (let from = 0; from < blocks; from += MOST_BLOCKS) {
    const some = Math.min(MOST_BLOCKS, blocks - from);
    fill(key0, key1, (low + from) | 0, high, some);
    into.set(some === MOST_BLOCKS ? output : output.subarray(0, 2 * some), 2 * from);
  }
  return blocks;
}
