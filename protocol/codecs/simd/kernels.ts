import { MODULE_BYTES, moduleMemory } from '../../numerics/simd/module-vectors.js';
import { compileModule } from '../../numerics/simd/open-module.js';
import module from './kernels.wasm.js';

/**
 * The module that `npm run build` makes of assembly/kernels.ts, and its buffers. Every loop in it has a plain twin that gives
 * the same bits, so whether an engine has SIMD changes the time and nothing else.
 */

/** Numbers of 32 bits that each of the module's buffers holds. */
export const SIMD_CHUNK = 16384;

/** Vectors shorter than this are not worth the copies in and out. */
const SHORTEST = 2048;

interface Loops {
  roundToBf16(from: number, count: number): number;
  packSigns(from: number, count: number): void;
  spreadSigns(count: number, positive: number, negative: number): void;
  quantizeInt8(from: number, count: number, block: number, random: number): number;
  fillCoins(count: number): void;
  drawLevels(from: number, count: number, inverse: number, top: number): void;
  collect(from: number, count: number, bound: number, base: number): number;
  greatestMagnitude(from: number, count: number): number;
}

export interface Kernels extends Loops {
  /** Do these numbers lie in the module's memory? */
  holds(words: Uint32Array): boolean;
  /** The address of words[from, from + count), which are copied to `input` where they lie elsewhere. */
  place(words: Uint32Array, from: number, count: number): number;
  readonly input: Uint32Array;
  readonly inputBytes: Uint8Array;
  readonly output: Uint32Array;
  readonly outputIntegers: Int32Array;
  readonly outputBytes: Uint8Array;
  readonly outputHalves: Uint16Array;
  readonly outputFloats: Float32Array;
  readonly second: Uint32Array;
  readonly secondFloats: Float32Array;
  readonly coins: Uint32Array;
  readonly sums: Float64Array;
}

type Address = 'input' | 'output' | 'second' | 'coins' | 'sums';
type Exports = Loops & Record<Address, WebAssembly.Global<'i32'>>;

let compiled: WebAssembly.Module | null | undefined;

/** On this memory, of which the first `MODULE_BYTES` are the module's. Null: the engine lacks something, or address space. */
function instantiate(memoryOf: () => WebAssembly.Memory): Kernels | null {
  if (compiled === undefined) compiled = compileModule(module);
  if (compiled === null) return null;
  try {
    const memory = memoryOf();
    return kernelsOf(memory, new WebAssembly.Instance(compiled, { env: { memory } }).exports as unknown as Exports);
  } catch {
    return null;
  }
}

function kernelsOf({ buffer }: WebAssembly.Memory, exported: Exports): Kernels {
  const input = exported.input.value;
  const output = exported.output.value;
  const second = exported.second.value;
  const inputWords = new Uint32Array(buffer, input, SIMD_CHUNK);
  const holds = (words: Uint32Array) => words.buffer === buffer;
  return {
    holds,
    place(words, from, count) {
      if (holds(words)) return words.byteOffset + 4 * from;
      inputWords.set(words.subarray(from, from + count));
      return input;
    },
    roundToBf16: exported.roundToBf16,
    packSigns: exported.packSigns,
    spreadSigns: exported.spreadSigns,
    quantizeInt8: exported.quantizeInt8,
    fillCoins: exported.fillCoins,
    drawLevels: exported.drawLevels,
    collect: exported.collect,
    greatestMagnitude: exported.greatestMagnitude,
    input: inputWords,
    inputBytes: new Uint8Array(buffer, input, 4 * SIMD_CHUNK),
    output: new Uint32Array(buffer, output, SIMD_CHUNK),
    outputIntegers: new Int32Array(buffer, output, SIMD_CHUNK),
    outputBytes: new Uint8Array(buffer, output, 4 * SIMD_CHUNK),
    outputHalves: new Uint16Array(buffer, output, 2 * SIMD_CHUNK),
    outputFloats: new Float32Array(buffer, output, SIMD_CHUNK),
    second: new Uint32Array(buffer, second, SIMD_CHUNK),
    secondFloats: new Float32Array(buffer, second, SIMD_CHUNK),
    coins: new Uint32Array(buffer, exported.coins.value, 16),
    sums: new Float64Array(buffer, exported.sums.value, 8),
  };
}

let kernels: Kernels | null | undefined;
/** By the buffer of a memory with a vector in it. */
const kernelsIn = new WeakMap<ArrayBufferLike, Kernels | null>();
let enabled = true;

/**
 * The module for a vector of so many numbers, in the memory of the vector where that is a WebAssembly memory and its `buffer` is given; null
 * where the plain loops are to be used.
 */
export function kernelsFor(length: number, buffer?: ArrayBufferLike): Kernels | null {
  if (!enabled || length < SHORTEST) return null;
  const memory = buffer && moduleMemory(buffer);
  if (memory) {
    let found = kernelsIn.get(buffer);
    if (found === undefined) kernelsIn.set(buffer, (found = instantiate(() => memory)));
    if (found) return found;
  }
  if (kernels === undefined) kernels = instantiate(() => new WebAssembly.Memory({ initial: MODULE_BYTES / 65536 }));
  return kernels;
}

/** For tests and measurements: false makes all codecs take their plain loops. */
export function useSimd(use: boolean): void {
  enabled = use;
}
