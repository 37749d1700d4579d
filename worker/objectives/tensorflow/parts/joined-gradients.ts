import type { ReadonlyVector, Vector } from '../../../../protocol/method.js';

/** One client's wish for its gradient. */
export interface GradientRequest {
  readonly params: ReadonlyVector;
  /** Rows of the training examples. */
  readonly examples: Uint32Array;
  readonly into: Vector;
}

interface Waiting extends GradientRequest {
  resolve(gradient: Vector): void;
  reject(error: unknown): void;
}

/** Turns of the microtask queue in which no further client asks. */
const QUIET_TURNS = 16;
/** Of one pass: its activations lie in memory together, and more gain nothing. */
const MOST_EXAMPLES = 512;

/**
 * Joins what the clients of a process ask for at once: those that were given the same parameters, in the same vector, and have batches of the same
 * length become one call of `compute`, at most 512 examples of them. A client that asks alone waits for a few turns of the microtask queue and for no timer.
 */
export class JoinedGradients {
  private waiting: Waiting[] = [];
  private isRunning = false;

  /** Fills `into` of each request with the bits that it would have alone. The requests differ in examples only. */
  constructor(private readonly compute: (requests: readonly GradientRequest[]) => void | Promise<void>) {}

  gradient(request: GradientRequest): Promise<Vector> {
    return new Promise((resolve, reject) => {
      this.waiting.push({ ...request, resolve, reject });
      if (!this.isRunning) void this.run();
    });
  }

  private async run(): Promise<void> {
    this.isRunning = true;
    while (this.waiting.length > 0) {
      await this.quiet();
      const joined = this.next();
      try {
        await this.compute(joined);
        for (const { resolve, into } of joined) resolve(into);
      } catch (error) {
        for (const { reject } of joined) reject(error);
      }
    }
    this.isRunning = false;
  }

  /** Clients that were sent the same message ask one soon after the other. */
  private async quiet(): Promise<void> {
    for (let turns = 0, seen = this.waiting.length; turns < QUIET_TURNS; turns++) {
      await null;
      if (this.waiting.length > seen) [turns, seen] = [0, this.waiting.length];
    }
  }

  private next(): readonly Waiting[] {
    const [{ params, examples }] = this.waiting as [Waiting];
    const most = Math.max(1, Math.floor(MOST_EXAMPLES / examples.length));
    const joined = this.waiting
      .filter((other) => other.params === params && other.examples.length === examples.length)
      .slice(0, most);
    this.waiting = this.waiting.filter((other) => !joined.includes(other));
    return joined;
  }
}
