import { openModule } from '../../numerics/simd/open-module.js';
import module from './kernels.wasm.js';

/**
 * The module that `npm run build` makes of assembly/kernels.ts, and its buffers. Every loop in it has a plain twin that gives
 * the same bits, so whether an engine has SIMD changes the time and nothing else.
 */

/** Numbers the module takes in one call. */
export const SIMD_CHUNK = 16384;

/** Vectors shorter than this are not worth the copies in and out. */
const SHORTEST = 2048;

interface Loops {
  roundToBf16(count: number): number;
  packSigns(count: number): void;
  spreadSigns(count: number, positive: number, negative: number): void;
  quantizeInt8(count: number, block: number, random: number): number;
  fillCoins(count: number): void;
  drawLevels(from: number, count: number, inverse: number, top: number): void;
  collect(count: number, bound: number, base: number): number;
  greatestMagnitude(count: number): number;
}

export interface Kernels extends Loops {
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
type Exports = Loops & { memory: WebAssembly.Memory } & Record<Address, WebAssembly.Global<'i32'>>;

function instantiate(): Kernels | null {
  const exported = openModule<Exports>(module);
  if (exported === null) return null;
  const { buffer } = exported.memory;
  const input = exported.input.value;
  const output = exported.output.value;
  const second = exported.second.value;
  return {
    roundToBf16: exported.roundToBf16,
    packSigns: exported.packSigns,
    spreadSigns: exported.spreadSigns,
    quantizeInt8: exported.quantizeInt8,
    fillCoins: exported.fillCoins,
    drawLevels: exported.drawLevels,
    collect: exported.collect,
    greatestMagnitude: exported.greatestMagnitude,
    input: new Uint32Array(buffer, input, SIMD_CHUNK),
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
let enabled = true;

/** The module for a vector of so many numbers; null where the plain loops are to be used. */
export function kernelsFor(length: number): Kernels | null {
  if (!enabled || length < SHORTEST) return null;
  if (kernels === undefined) kernels = instantiate();
  return kernels;
}

/** For tests and measurements: false makes all codecs take their plain loops. */
export function useSimd(use: boolean): void {
  enabled = use;
}
