/**
 * Large vectors, each in a WebAssembly memory of its own: a module to which that memory is given works on the vector where it lies,
 * in place of on copies of its pieces. Such a memory does not grow, so that no view of it is lost, and is collected with its vector.
 */

const PAGE_BYTES = 65536;
/** In front of the vector, for the constants and buffers of a module. What is not written takes no memory. */
export const MODULE_BYTES = 4 * PAGE_BYTES;
/** Of a smaller vector the copies stay in near caches, and take less than to make such a memory. */
const FEWEST_BYTES = 2 ** 20;
/** Not collected yet: each takes some 10 GB of address space, of which an engine grants a process a part. */
const MOST_MEMORIES = 32;

const memories = new WeakMap<ArrayBufferLike, WebAssembly.Memory>();
let count = 0;
const collected = new FinalizationRegistry<null>(() => {
  count--;
});

/** A new zero vector: in a WebAssembly memory where it is large and the engine grants one. `mostMemories`: for tests. */
export function moduleVector(length: number, mostMemories = MOST_MEMORIES): Float32Array {
  const bytes = 4 * length;
  if (bytes < FEWEST_BYTES || count >= mostMemories) return new Float32Array(length);
  const pages = Math.ceil((MODULE_BYTES + bytes) / PAGE_BYTES);
  let memory: WebAssembly.Memory;
  try {
    memory = new WebAssembly.Memory({ initial: pages, maximum: pages });
  } catch {
    // No WebAssembly, or no address space left.
    return new Float32Array(length);
  }
  count++;
  collected.register(memory.buffer, null);
  memories.set(memory.buffer, memory);
  return new Float32Array(memory.buffer, MODULE_BYTES, length);
}

/** The memory that this buffer is of, where a vector of `moduleVector` lies in it. */
export function moduleMemory(buffer: ArrayBufferLike): WebAssembly.Memory | undefined {
  return memories.get(buffer);
}
