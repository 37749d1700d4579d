import type { BodyRoom } from '../codecs/codec.js';
import type { Vector } from '../method.js';
import type { Release } from '../wire/frame.js';
import type { SpareMemory } from '../wire/spare-memory.js';

/** Memory that encoded messages are written to and that is used again once they have left. */
export type BodyMemory = Pick<SpareMemory, 'take' | 'give'>;

/** The bodies of one message, as far as their memory can be used again. */
export class MessageBodies {
  private readonly taken = new Set<Uint8Array>();
  private readonly free: Uint8Array[] = [];

  constructor(private readonly memory: BodyMemory) {}

  readonly room: BodyRoom = (bytes) => {
    const body = this.memory.take(bytes);
    this.taken.add(body);
    return body;
  };

  /** The codec has made this body; `decoded`: what the sender has in its place, maybe a view of it. */
  made(body: Uint8Array, decoded: Vector): void {
    if (this.taken.has(body) && decoded.buffer !== body.buffer) this.free.push(body);
  }

  /** To be called once, when no receiver reads the message any more; null: nothing of it can be used again. */
  get release(): Release | null {
    if (this.free.length === 0) return null;
    return () => {
      for (const body of this.free) this.memory.give(body);
    };
  }
}
