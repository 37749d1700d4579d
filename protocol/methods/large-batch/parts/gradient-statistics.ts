import type { ReadonlyVector, Vector } from '../../../method.js';
import { zerosLike } from '../../../numerics/vector.js';
import type { Module } from './modules.js';

/** Of one module: unbiased estimates from one round's gradients of independent batches. Either may be negative by chance. */
export interface NoiseEstimate {
  /** tr(Sigma): summed variance of one example's gradient. At least 0. */
  readonly trace: number;
  /** |G|^2: squared norm of the expected gradient, |g|^2 - tr(Sigma) / B. */
  readonly signal: number;
}

/**
 * Mean of gradients by their batch sizes, and how they spread around it, folded one message at a time: one pass over each,
 * and at most two float64 numbers a parameter however many messages there are. The spread is Welford's form for weights
 * (West, 1979), a sum of squares of deviations: nothing cancels and nothing becomes negative.
 *
 * With K gradients g_d over b_d examples, B = sum b_d: M2_j = sum_d b_d (g_dj - g_j)^2, and M2_j / (K - 1) is an unbiased
 * estimate of one example's variance for any b_d. `weight` and `value` are those of `WeightedMean`, to the bit.
 */
export class GradientStatistics {
  private sums: Float64Array | null = null;
  private squares: Float64Array | null = null;
  private readonly moduleSquares: Float64Array;
  private like: ReadonlyVector | null = null;
  private total = 0;
  private parts = 0;

  /** `keepEntries`: the spread of every parameter by itself; else of every module only, at one number a parameter. */
  constructor(
    private readonly modules: readonly Module[],
    private readonly keepEntries: boolean,
  ) {
    this.moduleSquares = new Float64Array(modules.length);
  }

  /** B: examples behind all gradients so far. */
  get weight(): number {
    return this.total;
  }

  /** K: independent gradients so far, parts of a client's batch included. */
  get count(): number {
    return this.parts;
  }

  /** One gradient, the mean over `examples` > 0 examples. */
  add(examples: number, gradient: ReadonlyVector): void {
    const { sums, squares } = this.room(gradient);
    const before = this.total;
    const after = before + examples;
    // The first gradient is its own mean.
    const factor = before === 0 ? 0 : (examples * before) / after;
    const divisor = before === 0 ? 1 : before;
    for (let m = 0; m < this.modules.length; m++) {
      let spread = 0;
      for (const { start, end } of this.modules[m]!.ranges)
        spread += squares
          ? addWithEntries(sums, squares, gradient, examples, divisor, factor, start, end)
          : addInTotal(sums, gradient, examples, divisor, start, end);
      this.moduleSquares[m]! += factor * spread;
    }
    this.total = after;
    this.parts++;
  }

  /**
   * How the `parts` parts of a batch that was added differed: `spread` is the mean, by examples, of their squared deviations
   * from the batch's gradient. The parts then count as gradients of their own. Needs `keepEntries`.
   */
  addParts(examples: number, parts: number, spread: ReadonlyVector): void {
    const { squares } = this.room(spread);
    if (!squares) throw new RangeError('parts can be added only where the spread of every entry is kept');
    for (let m = 0; m < this.modules.length; m++) {
      let sum = 0;
      for (const { start, end } of this.modules[m]!.ranges)
        for (let i = start; i < end; i++) {
          // Under a lossy codec a variance may be below 0.
          const square = examples * Math.max(0, spread[i]!);
          squares[i]! += square;
          sum += square;
        }
      this.moduleSquares[m]! += sum;
    }
    this.parts += parts - 1;
  }

  private room(vector: ReadonlyVector): { readonly sums: Float64Array; readonly squares: Float64Array | null } {
    const sums = (this.sums ??= new Float64Array(vector.length));
    if (this.keepEntries) this.squares ??= new Float64Array(vector.length);
    if (vector.length !== sums.length)
      throw new RangeError(`statistics of vectors of ${sums.length} numbers cannot take one of ${vector.length}`);
    this.like ??= vector;
    return { sums, squares: this.squares };
  }

  /** The mean gradient, in the precision of the gradients. At least one must have been added. */
  value(): Vector {
    if (!this.sums || !this.like || !(this.total > 0)) throw new RangeError('the mean of nothing is not defined');
    const mean = zerosLike(this.like);
    for (let i = 0; i < mean.length; i++) mean[i] = this.sums[i]! / this.total;
    return mean;
  }

  /** M2 of every parameter: (K - 1) times the variance of one example's gradient. Needs `keepEntries`; not a copy. */
  spread(): Float64Array {
    if (!this.squares) throw new RangeError('the spread of every entry was not kept, or nothing was added');
    return this.squares;
  }

  /** Module by module; null with fewer than two gradients, which have no spread. */
  noise(): readonly NoiseEstimate[] | null {
    const { sums } = this;
    if (this.parts < 2 || !sums) return null;
    return this.modules.map(({ ranges }, m) => {
      let square = 0;
      for (const { start, end } of ranges)
        for (let i = start; i < end; i++) {
          const mean = sums[i]! / this.total;
          square += mean * mean;
        }
      const trace = this.moduleSquares[m]! / (this.parts - 1);
      return { trace, signal: square - trace / this.total };
    });
  }
}

/** Adds to the sums; returns the sum of squared distances to the mean so far, sums / divisor. */
function addInTotal(
  sums: Float64Array,
  gradient: ReadonlyVector,
  examples: number,
  divisor: number,
  start: number,
  end: number,
): number {
  let spread = 0;
  for (let i = start; i < end; i++) {
    const sum = sums[i]!;
    const g = gradient[i]!;
    const distance = g - sum / divisor;
    spread += distance * distance;
    sums[i] = sum + examples * g;
  }
  return spread;
}

/** The same, with factor times each squared distance added to `squares`. */
function addWithEntries(
  sums: Float64Array,
  squares: Float64Array,
  gradient: ReadonlyVector,
  examples: number,
  divisor: number,
  factor: number,
  start: number,
  end: number,
): number {
  let spread = 0;
  for (let i = start; i < end; i++) {
    const sum = sums[i]!;
    const g = gradient[i]!;
    const distance = g - sum / divisor;
    const square = distance * distance;
    spread += square;
    squares[i] = squares[i]! + factor * square;
    sums[i] = sum + examples * g;
  }
  return spread;
}
