import type { HeapAddress } from '../foreign/heap-address.js';
import { ARGUMENT, type Handle, type Onednn } from './onednn.js';

type Argument = keyof typeof ARGUMENT;

/** A primitive whose arguments lie on the heap, or in memory that the library keeps for it. */
export class HeapPrimitive {
  private readonly primitive: Handle;
  private readonly args: BigUint64Array;
  /** In the order in which `run` takes addresses. */
  private readonly placed: readonly Handle[];

  constructor(
    private readonly onednn: Onednn,
    private readonly base: HeapAddress,
    description: Handle,
    layouts: Readonly<Partial<Record<Argument, Handle>>>,
    kept: Readonly<Partial<Record<Argument, Handle>>> = {},
  ) {
    this.primitive = onednn.primitive(description);
    const placed = Object.entries(layouts).map(([name, layout]) => [name, onednn.memory(layout)] as const);
    this.placed = placed.map(([, memory]) => memory);
    const pairs = [...placed, ...Object.entries(kept)].flatMap(([name, memory]) => [
      ARGUMENT[name as Argument],
      memory,
    ]);
    this.args = BigUint64Array.from(pairs, BigInt);
  }

  /** `addresses`: bytes on the heap, of the arguments in the order of `layouts`. */
  run(...addresses: readonly number[]): void {
    const base = this.base.get();
    for (let i = 0; i < this.placed.length; i++) this.onednn.place(this.placed[i]!, base + addresses[i]!);
    this.onednn.execute(this.primitive, this.args);
  }
}

/** Made once for each key. */
export class Made<T> {
  private readonly all = new Map<string, T>();

  get(key: string, make: () => T): T {
    let found = this.all.get(key);
    if (found === undefined) {
      found = make();
      this.all.set(key, found);
    }
    return found;
  }
}
