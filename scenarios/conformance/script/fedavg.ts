import type { KindCodecInput, ScenarioInput } from '../../../protocol/scenario/input.js';
import type { Coordinator } from './coordinator.js';
import { bodyOf, hex, type ReceivedFrame } from './frames.js';
import type { ScriptedRun } from './run.js';
import { PLAIN } from './scenario.js';

/** Kinds of `fedavg` by index. */
const [MODEL, UPDATE] = [0, 1];

/** Seed, client and round of the coins in vectors.ts. */
const [SEED, CLIENT, ROUND] = [7, 2, 3];

export type Precision = 'float32' | 'float64';

/** Little-endian doubles in hexadecimal. */
export function numbersOf(text: string): number[] {
  const { buffer } = hex(text);
  return [...new Float64Array(buffer)];
}

/**
 * A run of `fedavg` whose update is what a case wants to see encoded: one example, curvature 1 and rate 1/2 make the update of
 * the model x exactly −x / 2.
 */
export class Averaging {
  private constructor(
    readonly run: ScriptedRun,
    private readonly precision: Precision,
  ) {}

  static async open(
    it: Coordinator,
    dimension: number,
    precision: Precision,
    codecs: Record<string, KindCodecInput>,
  ): Promise<Averaging> {
    const changes: Partial<ScenarioInput> = {
      seed: SEED,
      precision,
      method: { name: 'fedavg', localEpochs: 1, batchSize: 1, clientLearningRate: 0.5 },
      objective: {
        ...(PLAIN.objective as object),
        name: 'quadratic',
        dimension,
        smallestEigenvalue: 1,
        largestEigenvalue: 1,
        examples: 1,
      },
      codecs,
    };
    return new Averaging(await it.running(changes, { clients: [0, 2] }), precision);
  }

  /** The same over another assignment. */
  over(run: ScriptedRun): Averaging {
    return new Averaging(run, this.precision);
  }

  begin(round = ROUND, attempt = 0): void {
    this.run.begin({ index: round, attempt, cohort: [CLIENT] });
  }

  /** The model after which the client’s update is `update`. */
  sendFor(update: readonly number[], round = ROUND, attempt = 0): void {
    this.send(this.vector(update.map((x) => -2 * x)), update.length, round, attempt);
  }

  /** A model whose data is as given, for a vector of `count` numbers. */
  send(data: Uint8Array | Float32Array | Float64Array, count: number, round = ROUND, attempt = 0): void {
    this.run.frames.sendFrame({ kind: MODEL, round, attempt, to: CLIENT }, bodyOf([data as Uint8Array], [], [count]));
  }

  update(): Promise<ReceivedFrame> {
    return this.run.frameOf(CLIENT, UPDATE);
  }

  /** What the update’s frame has to hold when its data is this. */
  bodyOf(data: Uint8Array | Float32Array | Float64Array, count: number): Uint8Array {
    return bodyOf([data as Uint8Array], [1], [count]);
  }

  /** The update of this model, not encoded: −x / 2, and 0 of −0. */
  updateOf(model: readonly number[]): Float32Array | Float64Array {
    return this.vector(model.map((x) => (x === 0 ? 0 : x / -2)));
  }

  settle(changes: Record<string, unknown> = {}): void {
    this.run.settle({ round: ROUND, cohort: [CLIENT], ...changes });
  }

  private vector(values: readonly number[]): Float32Array | Float64Array {
    return this.precision === 'float32' ? Float32Array.from(values) : Float64Array.from(values);
  }
}
