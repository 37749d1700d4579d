import { openModule } from '../../../protocol/numerics/simd/open-module.js';
import module from './pixels.wasm.js';

/** The module that `npm run build` makes of assembly/pixels.ts. The plain loop in ../image-pooling.ts gives the same bits. */

/** Bytes that the module takes in one call: they and their numbers stay in the near caches while they are copied. */
const PIECE = 8192;
/** What it takes is a multiple of this. */
const STEP = 16;

interface Exports {
  readonly memory: WebAssembly.Memory;
  readonly input: WebAssembly.Global<'i32'>;
  readonly output: WebAssembly.Global<'i32'>;
  multiply(count: number, factor: number): void;
}

let loaded:
  | { readonly multiply: Exports['multiply']; readonly input: Uint8Array; readonly output: Float32Array }
  | null
  | undefined;
let enabled = true;

function instantiate() {
  const kernels = openModule<Exports>(module);
  if (kernels === null) return null;
  const { memory, input, output, multiply } = kernels;
  return {
    multiply,
    input: new Uint8Array(memory.buffer, input.value, PIECE),
    output: new Float32Array(memory.buffer, output.value, PIECE),
  };
}

/** For tests: false makes the plain loop run. */
export function usePixelSimd(use: boolean): void {
  enabled = use;
}

/** The first bytes times the factor, in 64 bits and rounded once. How many there are: all but a few, or none without SIMD. */
export function multipliedBytes(bytes: Uint8Array, factor: number, into: Float32Array): number {
  const most = bytes.length - (bytes.length % STEP);
  if (!enabled || most === 0) return 0;
  if (loaded === undefined) loaded = instantiate();
  if (loaded === null) return 0;
  const { multiply, input, output } = loaded;
  for (let from = 0; from < most; from += PIECE) {
    const piece = bytes.subarray(from, Math.min(most, from + PIECE));
    input.set(piece);
    multiply(piece.length, factor);
    into.set(piece.length === PIECE ? output : output.subarray(0, piece.length), from);
  }
  return most;
}
