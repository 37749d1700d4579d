import module from './rows.wasm.js';

/** Rows at once. */
const BLOCK = 256;
/** Below so many numbers a row the calls cost more than the loops save. */
const LEAST_WIDTH = 8;
const PAGE_BYTES = 65536;
const ALIGNMENT = 16;

/** What assembly/rows.ts exports. Addresses are bytes. */
interface Kernels {
  readonly memory: WebAssembly.Memory;
  readonly heap: WebAssembly.Global<'i32'>;
  products(z: number, values: number, width: number, indices: number, n: number, weights: number): void;
  addRows(sums: number, values: number, width: number, indices: number, n: number, factors: number): void;
}

/** Rows in a module's memory, and sums over them with the bits of the plain loops. */
export class RowLoops {
  /** Of all rows, one after the other: to be filled by the caller. */
  readonly values: Float64Array;
  /** Weights of `products`. */
  readonly weights: Float64Array;
  /** What `addRows` adds to. */
  readonly sums: Float64Array;
  /** The rows of a block. */
  readonly indices: Uint32Array;
  /** Of each row of a block: its product, or the factor that it is added with. */
  readonly numbers: Float64Array;

  constructor(
    private readonly kernels: Kernels,
    count: number,
    private readonly width: number,
  ) {
    let at = (kernels.heap.value + ALIGNMENT - 1) & -ALIGNMENT;
    const { memory } = kernels;
    const bytes = 8 * (count * width + 2 * width) + 12 * BLOCK + 5 * ALIGNMENT;
    memory.grow(Math.ceil((at + bytes) / PAGE_BYTES));
    const numbers = (length: number) => {
      const start = at;
      at = Math.ceil((start + 8 * length) / ALIGNMENT) * ALIGNMENT;
      return new Float64Array(memory.buffer, start, length);
    };
    this.weights = numbers(width);
    this.sums = numbers(width);
    this.numbers = numbers(BLOCK);
    this.indices = new Uint32Array(memory.buffer, numbers(BLOCK / 2).byteOffset, BLOCK);
    this.values = numbers(count * width);
  }

  get block(): number {
    return BLOCK;
  }

  /** numbers[r] = product of row indices[r] and the weights, r below n. */
  products(n: number): void {
    const { numbers, values, width, indices, weights } = this;
    this.kernels.products(numbers.byteOffset, values.byteOffset, width, indices.byteOffset, n, weights.byteOffset);
  }

  /** sums += numbers[r] times row indices[r], r = 0 to n - 1 in order. */
  addRows(n: number): void {
    const { numbers, values, width, indices, sums } = this;
    this.kernels.addRows(sums.byteOffset, values.byteOffset, width, indices.byteOffset, n, numbers.byteOffset);
  }
}

let compiled: WebAssembly.Module | null = null;
let enabled = true;

/** For tests and measurements: false makes rows that are read from now on take their plain loops. */
export function useRowSimd(use: boolean): void {
  enabled = use;
}

/** Null where there is no SIMD, no memory for the rows, or the rows are too short to gain. */
export function openRowLoops(count: number, width: number): RowLoops | null {
  if (!enabled || module === '' || width < LEAST_WIDTH) return null;
  try {
    compiled ??= new WebAssembly.Module(Uint8Array.from(atob(module), (letter) => letter.charCodeAt(0)));
    return new RowLoops(new WebAssembly.Instance(compiled).exports as unknown as Kernels, count, width);
  } catch {
    // No WebAssembly, no SIMD, forbidden by a page's policy, or no address space left: the plain loops do the same.
    return null;
  }
}
