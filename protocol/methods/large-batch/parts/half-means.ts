import type { ReadonlyVector, Rng, Vector } from '../../../method.js';
import { zerosLike } from '../../../numerics/vector.js';

/** How a round's clients are divided. 'random': balanced by examples, by the coordinator's coins; 'ranks': first half of the cohort. */
export type Halving = 'random' | 'ranks';

/** Sums of gradients over two disjoint halves of a round's clients, folded as they come. */
export class HalfMeans {
  private readonly sums: [Float64Array, Float64Array];
  private readonly weights: [number, number] = [0, 0];

  /** `coins` null: by rank. `cohort`: in the order in which its messages come. */
  constructor(
    length: number,
    private readonly coins: Rng | null,
    private readonly cohort: readonly unknown[],
  ) {
    this.sums = [new Float64Array(length), new Float64Array(length)];
  }

  /** The half with fewer examples so far takes it; a coin decides between equals. */
  private halfOf(from: unknown): 0 | 1 {
    if (!this.coins) return this.cohort.indexOf(from) < this.cohort.length / 2 ? 0 : 1;
    const [a, b] = this.weights;
    if (a === b) return this.coins.below(2) as 0 | 1;
    return a < b ? 0 : 1;
  }

  add(from: unknown, examples: number, gradient: ReadonlyVector): void {
    const half = this.halfOf(from);
    const sums = this.sums[half];
    this.weights[half] += examples;
    for (let i = 0; i < sums.length; i++) sums[i] = sums[i]! + examples * gradient[i]!;
  }

  /** Both halves have received a gradient. */
  get isComplete(): boolean {
    return this.weights[0] > 0 && this.weights[1] > 0;
  }

  get examples(): readonly [number, number] {
    return this.weights;
  }

  /** Sums of examples times gradient: each half's mean times its examples. Not copies. */
  get totals(): readonly [Float64Array, Float64Array] {
    return this.sums;
  }
}

/** 1 - cosine of two vectors over some ranges, in [0, 2]; 1 where one of them is 0 there. */
export function misalignment(
  a: ReadonlyVector,
  b: ReadonlyVector,
  ranges: readonly { readonly start: number; readonly end: number }[],
): number {
  let [product, squareA, squareB] = [0, 0, 0];
  for (const { start, end } of ranges)
    for (let i = start; i < end; i++) {
      product += a[i]! * b[i]!;
      squareA += a[i]! * a[i]!;
      squareB += b[i]! * b[i]!;
    }
  const norms = Math.sqrt(squareA) * Math.sqrt(squareB);
  // Rounding may take the cosine of equal vectors past 1.
  return norms === 0 ? 1 : Math.max(0, 1 - product / norms);
}

/**
 * A vector whose distance from the mean gradient g has the law of the distance of two independent gradients of all examples:
 * g - (a - b) sqrt(2 A B) / (A + B), with a, b the halves' means over A and B examples. It lets a rule that measures noise by
 * a second, independent gradient do so without a second batch. Both halves must be complete.
 */
export function independentGradient(halves: HalfMeans, mean: ReadonlyVector): Vector {
  const [a, b] = halves.totals;
  const [examplesA, examplesB] = halves.examples;
  const factor = Math.sqrt(2 * examplesA * examplesB) / (examplesA + examplesB);
  const result = zerosLike(mean);
  for (let i = 0; i < result.length; i++) result[i] = mean[i]! - factor * (a[i]! / examplesA - b[i]! / examplesB);
  return result;
}
