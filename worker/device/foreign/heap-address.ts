import type { Heap } from '../simd/heap-module.js';
import type { ForeignFunctions } from './foreign-functions.js';

/** Where the heap of the wasm backend lies in the process. */
export class HeapAddress {
  private buffer: ArrayBufferLike | null = null;
  private base = 0;

  constructor(
    private readonly foreign: Pick<ForeignFunctions, 'address'>,
    private readonly heap: Heap,
  ) {}

  /** Growing the memory detaches the buffer, and may move what it holds. */
  get(): number {
    const { HEAPU8 } = this.heap;
    if (HEAPU8.buffer !== this.buffer) {
      this.base = Number(this.foreign.address(HEAPU8));
      this.buffer = HEAPU8.buffer;
    }
    return this.base;
  }
}
