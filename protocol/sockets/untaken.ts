import { LIMITS } from '../wire/limits.js';

/** What a message costs beside its bytes, in any thread. */
const MESSAGE_BYTES = 256;

/** Messages that were received and that the thread that computes has not taken yet, oldest first. */
export class Untaken {
  private readonly sizes: number[] = [];
  private bytes = 0;

  add(bytes: number): void {
    this.sizes.push(bytes + MESSAGE_BYTES);
    this.bytes += bytes + MESSAGE_BYTES;
  }

  take(messages: number): void {
    for (const size of this.sizes.splice(0, messages)) this.bytes -= size;
  }

  /** The connection is not read on. */
  get isFull(): boolean {
    return this.bytes > LIMITS.untakenBytes;
  }

  /** Connections that were opened again have brought twice as much: the other end does not keep to the protocol. */
  get isOverrun(): boolean {
    return this.bytes > 2 * LIMITS.untakenBytes;
  }
}
