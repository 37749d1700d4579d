import type { SimProcess, World } from './world.js';

export interface Carrier {
  readonly world: World;
  latencyMs(): number;
}

/** One end of a connection. */
export class PipeEnd {
  isOpen = true;
  /** What it sends gets nowhere any more. */
  isSilent = false;
  received: (message: unknown) => void = () => {};
  closed: () => void = () => {};
  other!: PipeEnd;
  /** Messages to the other end arrive in order: none before this time. */
  private lastMs = 0;

  constructor(
    readonly pipe: Pipe,
    readonly process: SimProcess,
  ) {}

  send(message: unknown): void {
    if (this.isOpen) this.carry(() => this.other.isOpen && this.other.received(message));
  }

  /** Closes it at once; the other end notices later, or never where nothing gets through. */
  destroy(): void {
    if (!this.isOpen) return;
    this.isOpen = false;
    this.carry(() => this.other.lose());
    this.pipe.settle();
  }

  /** The connection was lost. */
  lose(): void {
    if (!this.isOpen) return;
    this.isOpen = false;
    this.closed();
    this.pipe.settle();
  }

  private carry(deliver: () => void): void {
    const { carrier, heldUntilMs } = this.pipe;
    const { world } = carrier;
    if (this.isSilent) return;
    this.lastMs = Math.max(this.lastMs, heldUntilMs, world.nowMs + carrier.latencyMs());
    world.schedule(this.other.process, this.lastMs - world.nowMs, () => {
      // What was under way when the connection broke is lost.
      if (!this.isSilent) deliver();
    });
  }
}

/** A connection between two processes, as TCP has it: in order, and either end may notice its end late or never. */
export class Pipe {
  readonly ends: readonly [PipeEnd, PipeEnd];
  heldUntilMs = 0;
  /** Of a control connection. */
  isControl = false;
  private gone: () => void = () => {};

  constructor(
    readonly carrier: Carrier,
    client: SimProcess,
    server: SimProcess,
  ) {
    this.ends = [new PipeEnd(this, client), new PipeEnd(this, server)];
    [this.ends[0].other, this.ends[1].other] = [this.ends[1], this.ends[0]];
    for (const end of this.ends) end.process.onEnd(() => end.destroy());
  }

  onGone(act: () => void): void {
    this.gone = act;
  }

  joins(a: string, b: string): boolean {
    const [x, y] = this.ends.map(({ process }) => process.host);
    return (x === a && y === b) || (x === b && y === a);
  }

  /** Nothing gets through any more, and neither end is informed. `from`: one direction only. */
  silence(from: PipeEnd | null = null): void {
    for (const end of this.ends) if (from === null || end === from) end.isSilent = true;
  }

  /** What is sent from now on arrives no earlier. */
  holdUntil(atMs: number): void {
    this.heldUntilMs = Math.max(this.heldUntilMs, atMs);
  }

  /** Both ends notice, each in its time. */
  cut(): void {
    this.silence();
    const { world } = this.carrier;
    for (const end of this.ends) world.schedule(end.process, this.carrier.latencyMs(), () => end.lose());
  }

  settle(): void {
    if (this.ends.every(({ isOpen }) => !isOpen)) this.gone();
  }
}
