import { GradswarmError } from '../protocol/errors.js';
import type { LogPosterior, Objective, ReadonlyVector, Segment, Vector } from '../protocol/method.js';
import type { RoundClock } from '../protocol/party/round-host.js';
import type { JoiningObjective } from './objectives/joining.js';
import type { WholeDescent } from './objectives/tensorflow/parts/descent.js';
import { pause } from './pause.js';

/** Called while a device call is in progress, so that waiting for it is not taken for a deadlock. */
interface Watch {
  beginComputing(): void;
  endComputing(): void;
}

/** Longest that one call of a descent should take which does not let the event loop run by itself. */
const SLICE_MS = 50;

type Clock = Pick<RoundClock, 'clockMs' | 'isAborted' | 'computed'>;

/** Clock of an objective that no round uses: one that kept its last round would hold all that this round made. */
export const BETWEEN_ROUNDS: Clock = { clockMs: 0, isAborted: false };

/** One client's objective, with its device's simulated time added to the clock of the round that calls it. */
export class TimedObjective implements LogPosterior {
  /** Clock of the round that is running. */
  clock = BETWEEN_ROUNDS;
  /** Simulated milliseconds an example, in the round that is running. */
  msPerExample = 0;
  /** Steps of a descent in one call. */
  private sliceSteps = 4;
  descend?: NonNullable<Objective['descend']>;
  descendInto?: NonNullable<Objective['descendInto']>;

  constructor(
    private readonly inner: JoiningObjective & Partial<WholeDescent>,
    private readonly watch: Watch,
  ) {
    if (!inner.descend) return;
    const counted = (batches: readonly Uint32Array[]) => {
      for (const batch of batches) this.count(batch.length);
    };
    const whole = (params: ReadonlyVector, batches: readonly Uint32Array[], rate: number, room?: () => Vector) => {
      counted(batches);
      return this.watched(() => inner.descendWhole!(params, batches, rate, room, () => this.refuseAborted()));
    };
    if (inner.descendWhole) this.descendInto = whole;
    this.descend = (params, batches, rate, into) => {
      if (inner.descendWhole) return whole(params, batches, rate, into && (() => into));
      counted(batches);
      return this.steps(params, batches, rate, into);
    };
  }

  get exampleCount(): number {
    return this.inner.exampleCount;
  }
  get segments(): readonly Segment[] {
    return this.inner.segments;
  }

  loss(params: ReadonlyVector, batch: Uint32Array): number | Promise<number> {
    return this.spend(batch.length, () => this.inner.loss(params, batch));
  }

  gradient(params: ReadonlyVector, batch: Uint32Array, into?: Vector): Vector | Promise<Vector> {
    const { inner, clock } = this;
    // Where time is measured, it is that of this client's own gradient.
    const joined = clock.computed ? undefined : inner.joinedGradient;
    return this.spend(batch.length, () => joined?.(params, batch, into) ?? inner.gradient(params, batch, into));
  }

  async *exampleGradients(params: ReadonlyVector, batch: Uint32Array): AsyncIterable<ReadonlyVector> {
    this.count(batch.length);
    this.watch.beginComputing();
    const { computed } = this.clock;
    let sinceMs = performance.now();
    try {
      for await (const gradient of this.inner.exampleGradients(params, batch)) {
        if (computed) computed.ms += performance.now() - sinceMs;
        yield gradient;
        sinceMs = performance.now();
        await pause();
        this.refuseAborted();
      }
    } finally {
      this.watch.endComputing();
    }
  }

  clippedGradientSum(params: ReadonlyVector, batch: Uint32Array, radius: number): Vector | Promise<Vector> {
    return this.spend(batch.length, () => this.inner.clippedGradientSum(params, batch, radius));
  }

  clippedDifferenceSum(
    params: ReadonlyVector,
    previous: ReadonlyVector,
    batch: Uint32Array,
    radius: number,
  ): Vector | Promise<Vector> {
    return this.spend(2 * batch.length, () => this.inner.clippedDifferenceSum(params, previous, batch, radius));
  }

  /** Samplers only. Prior and surrogate pass over no data, so they cost no simulated time. */
  priorGradient(params: ReadonlyVector, into?: Vector): Vector {
    return this.logPosterior.priorGradient(params, into);
  }

  surrogate(form: 'full' | 'diagonal', point?: ReadonlyVector): { readonly eta: Vector; readonly precision: Vector } {
    return this.logPosterior.surrogate(form, point);
  }

  /** Throws ERR_OBJECTIVE when the objective has no prior apart from its likelihood. */
  private get logPosterior(): LogPosterior {
    const inner = this.inner as Partial<LogPosterior>;
    if (inner.priorGradient && inner.surrogate) return this.inner as LogPosterior;
    throw new GradswarmError(
      'ERR_OBJECTIVE',
      `objective.name: expected a log-posterior, since the method is a sampler; choose one of the posteriors in docs/names.md`,
    );
  }

  /** In slices, so that a long descent can be interrupted. The bits are those of one call: each step begins where the last ended. */
  private steps(
    params: ReadonlyVector,
    batches: readonly Uint32Array[],
    rate: number,
    into?: Vector,
  ): Vector | Promise<Vector> {
    for (let from = params, start = 0; ; ) {
      const end = Math.min(batches.length, start + this.sliceSteps);
      const whole = start === 0 && end === batches.length;
      const startedMs = performance.now();
      const answer = this.watched(() =>
        this.inner.descend!(from, whole ? batches : batches.slice(start, end), rate, into),
      );
      if (answer instanceof Promise)
        return answer.then((reached) => {
          this.adapt(performance.now() - startedMs);
          return end === batches.length ? reached : this.steps(reached, batches.slice(end), rate, reached);
        });
      this.adapt(performance.now() - startedMs);
      if (end === batches.length) return answer;
      [from, into, start] = [answer, answer, end];
    }
  }

  private adapt(ms: number): void {
    if (ms < SLICE_MS / 4) this.sliceSteps = Math.min(1 << 16, 2 * this.sliceSteps);
    else if (ms > SLICE_MS && this.sliceSteps > 1) this.sliceSteps /= 2;
  }

  private spend<T>(examples: number, compute: () => T | Promise<T>): T | Promise<T> {
    this.count(examples);
    return this.watched(compute);
  }

  private count(examples: number): void {
    this.clock.clockMs += examples * this.msPerExample;
    if (this.clock.computed) this.clock.computed.examples += examples;
  }

  private watched<T>(compute: () => T | Promise<T>): T | Promise<T> {
    const answer = this.clock.computed ? measured(this.clock.computed, compute) : compute();
    const due = pause();
    if (!due && !(answer instanceof Promise)) return answer;
    this.watch.beginComputing();
    return Promise.all([answer, due]).then(
      ([value]) => {
        this.watch.endComputing();
        this.refuseAborted();
        return value;
      },
      (error: unknown) => {
        this.watch.endComputing();
        throw error;
      },
    );
  }

  private refuseAborted(): void {
    if (this.clock.isAborted) throw new GradswarmError('ERR_STOPPED', 'attempt aborted');
  }
}

function measured<T>(computed: { ms: number }, compute: () => T | Promise<T>): T | Promise<T> {
  const beganMs = performance.now();
  const took = (): void => {
    computed.ms += performance.now() - beganMs;
  };
  const answer = compute();
  if (answer instanceof Promise) return answer.finally(took);
  took();
  return answer;
}
