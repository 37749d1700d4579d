import { NumberedLink } from '../../protocol/wire/numbered-link.js';

type End = 'worker' | 'coordinator';
type Carried = { readonly message: Uint8Array } | { readonly count: number };

/** Acknowledgements are sent after so many messages, so that a cut often loses some. */
const PER_COUNT = 3;

/**
 * The messages between a worker and the coordinator of a simulation, in order, over two real numbered links. What is on its way
 * when the connection breaks is lost, acknowledgements too.
 */
export class LossyLine<M> {
  private readonly links = { worker: new NumberedLink(), coordinator: new NumberedLink() };
  private carried: Record<End, Carried[]> = { worker: [], coordinator: [] };
  private readonly contents: M[] = [];
  private isOpen = true;

  send(from: End, content: M): void {
    const message = new Uint8Array(4);
    new DataView(message.buffer).setUint32(0, this.contents.push(content) - 1);
    this.links[from].send(message);
    if (this.isOpen) this.carried[from].push({ message });
  }

  /** The next message from this end, if it has come. */
  receive(from: End): M | undefined {
    const to = otherOf(from);
    for (;;) {
      const next = this.carried[from].shift();
      if (!next) return undefined;
      if ('count' in next) {
        this.links[from === 'worker' ? 'coordinator' : 'worker'].acknowledge(next.count);
        continue;
      }
      const { message } = next;
      this.links[to].receive(message);
      if (this.links[to].received % PER_COUNT === 0) this.carried[to].push({ count: this.links[to].report() });
      return this.contents[new DataView(message.buffer).getUint32(0)];
    }
  }

  cut(): void {
    this.isOpen = false;
    this.carried = { worker: [], coordinator: [] };
  }

  /** A new connection: both ends exchange their counts and send the rest again. */
  resume(): void {
    this.isOpen = true;
    this.carried = { worker: [], coordinator: [] };
    for (const from of ['worker', 'coordinator'] as const) {
      this.links[from].acknowledge(this.links[otherOf(from)].report());
      for (const message of this.links[from].unacknowledged()) this.carried[from].push({ message });
    }
  }
}

function otherOf(end: End): End {
  return end === 'worker' ? 'coordinator' : 'worker';
}
