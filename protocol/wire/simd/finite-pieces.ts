import { openModule } from '../../numerics/simd/open-module.js';
import module from './finite.wasm.js';

/** The module that `npm run build` makes of assembly/finite.ts. The plain loop in ../finite.ts finds the same. */

/** Bytes that the module looks at in one call: the copy to it is still in the nearest cache. */
const PIECE_BYTES = 8192;
/** Fewer are not worth the copy. */
const FEWEST_BYTES = 2048;
/** What it looks at is a multiple of this. */
const STEP_BYTES = 32;

interface Exports {
  readonly memory: WebAssembly.Memory;
  readonly input: WebAssembly.Global<'i32'>;
  finite(bytes: number, isWide: boolean): number;
}

let loaded: { readonly finite: Exports['finite']; readonly input: Uint8Array } | null | undefined;
let enabled = true;

function instantiate() {
  const kernels = openModule<Exports>(module);
  if (kernels === null) return null;
  const { memory, input, finite } = kernels;
  return { finite, input: new Uint8Array(memory.buffer, input.value, PIECE_BYTES) };
}

/** For tests: false makes the plain loop run. */
export function useFiniteSimd(use: boolean): void {
  enabled = use;
}

/**
 * How many of the first bytes were looked at: all but a few, or none where they are few and without SIMD. Null: a number among them is
 * not finite. `isWide`: numbers of 8 bytes.
 */
export function finiteBytes(bytes: Uint8Array, isWide: boolean): number | null {
  const most = bytes.byteLength - (bytes.byteLength % STEP_BYTES);
  if (!enabled || most < FEWEST_BYTES) return 0;
  if (loaded === undefined) loaded = instantiate();
  if (loaded === null) return 0;
  const { finite, input } = loaded;
  for (let from = 0; from < most; from += PIECE_BYTES) {
    const piece = bytes.subarray(from, Math.min(most, from + PIECE_BYTES));
    input.set(piece);
    if (!finite(piece.byteLength, isWide)) return null;
  }
  return most;
}
