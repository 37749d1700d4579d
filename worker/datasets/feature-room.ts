/**
 * Features in the memory of a WebAssembly module, which then reads rows where they lie: to copy them takes a sixth of a round of a
 * small model, as rows that were drawn at random come from far memory. The first of the memory is left for the module's own
 * arrays, since memory that grows would move the features.
 */

const PAGE_BYTES = 65536;
/** Constants of the module. */
const CONSTANT_BYTES = PAGE_BYTES;
/** For the arrays of networks. What is not written takes no memory. */
const ARRAY_BYTES = 256 * PAGE_BYTES;
const MOST_BYTES = 2 ** 32;
/** Fewer lie in near caches, and each such memory takes address space. */
const FEWEST_BYTES = 2 ** 22;
const ALIGNMENT = 16;

/** A memory with features in it, and room in front of them. */
class ModuleMemory {
  private at = CONSTANT_BYTES;

  constructor(readonly memory: WebAssembly.Memory) {}

  /** The address of so many bytes, which stay taken; null: there are not as many. */
  take(bytes: number): number | null {
    const end = Math.ceil((this.at + bytes) / ALIGNMENT) * ALIGNMENT;
    if (end > CONSTANT_BYTES + ARRAY_BYTES) return null;
    const start = this.at;
    this.at = end;
    return start;
  }
}

const memories = new WeakMap<ArrayBufferLike, ModuleMemory>();

/**
 * Features of parts that so many numbers have, all 0: in one module's memory where they are many and an engine grants one.
 * `fewestBytes`: for tests.
 */
export function featureRooms(lengths: readonly number[], fewestBytes = FEWEST_BYTES): readonly Float32Array[] {
  const numbers = lengths.reduce((sum, length) => sum + length, 0);
  let at = CONSTANT_BYTES + ARRAY_BYTES;
  const bytes = at + 4 * numbers;
  const apart = () => lengths.map((length) => new Float32Array(length));
  if (4 * numbers < fewestBytes || bytes > MOST_BYTES) return apart();
  let memory: WebAssembly.Memory;
  try {
    const pages = Math.ceil(bytes / PAGE_BYTES);
    memory = new WebAssembly.Memory({ initial: pages, maximum: pages });
  } catch {
    // No WebAssembly, or no address space left.
    return apart();
  }
  memories.set(memory.buffer, new ModuleMemory(memory));
  return lengths.map((length) => {
    const features = new Float32Array(memory.buffer, at, length);
    at += 4 * length;
    return features;
  });
}

/** The same of one part. */
export function featureRoom(length: number): Float32Array {
  return featureRooms([length])[0]!;
}

/** The memory that these features lie in; null: they lie in no module's. */
export function moduleMemoryOf(features: Float32Array): ModuleMemory | null {
  return memories.get(features.buffer) ?? null;
}
