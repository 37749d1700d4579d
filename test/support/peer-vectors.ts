import type { MetricsRow } from '../../coordinator/run-directory/metrics.js';
import type { AnyMethod, ReadonlyVector, Setup, Vector } from '../../protocol/method.js';
import { withClientHalf } from '../../scenarios/check/parts/changed-halves.js';
import type { Problem } from '../../worker/problem.js';

/** Entry by entry mean of vectors of equal length. */
export function meanVector(vectors: readonly ReadonlyVector[]): Float64Array {
  const mean = new Float64Array(vectors[0]!.length);
  for (const vector of vectors) for (let i = 0; i < mean.length; i++) mean[i]! += vector[i]! / vectors.length;
  return mean;
}

/** Largest difference of two entries. */
export function largestDifference(a: ReadonlyVector, b: ReadonlyVector): number {
  let largest = 0;
  for (let i = 0; i < a.length; i++) largest = Math.max(largest, Math.abs(a[i]! - b[i]!));
  return largest;
}

/** Gradients of all peers' objectives on all of their examples, each at its own point. */
export function gradientsAt(problem: Problem, points: readonly ReadonlyVector[]): readonly Vector[] {
  return points.map((point, client) => {
    const objective = problem.objectiveOf(client);
    const all = Uint32Array.from({ length: objective.exampleCount }, (_, i) => i);
    return objective.gradient(point, all) as Vector;
  });
}

/** W X, where row i of X is vector i. */
export function mixed(mixing: readonly Float64Array[], vectors: readonly ReadonlyVector[]): readonly Float64Array[] {
  return mixing.map((row) => {
    const sum = new Float64Array(vectors[0]!.length);
    for (const [j, vector] of vectors.entries()) for (let i = 0; i < sum.length; i++) sum[i]! += row[j]! * vector[i]!;
    return sum;
  });
}

/** sum_k factor_k * vector_k. */
export function combination(...terms: readonly (readonly [factor: number, vector: ReadonlyVector])[]): Float64Array {
  const sum = new Float64Array(terms[0]![1].length);
  for (const [factor, vector] of terms) for (let i = 0; i < sum.length; i++) sum[i]! += factor * vector[i]!;
  return sum;
}

/** Largest difference between the entries of two lists of vectors. */
export function largestDifferenceOfAll(a: readonly ReadonlyVector[], b: readonly ReadonlyVector[]): number {
  return Math.max(...a.map((vector, i) => largestDifference(vector, b[i]!)));
}

/** The method with peer i beginning at `start(i)`; all else as it is. */
export function startingAt(method: AnyMethod, start: (client: number, initial: Vector) => Vector): AnyMethod {
  let client = 0;
  return withClientHalf(method, (half) => ({
    ...half,
    init: (setup: Setup<unknown>) => half.init({ ...setup, initialParams: start(client++, setup.initialParams) }),
  }));
}

/** The last value of a series; NaN where it was never measured. */
export function finalOf({ rows }: { readonly rows: readonly MetricsRow[] }, series: string): number {
  return rows.findLast((row) => row.extra[series] !== undefined)?.extra[series] ?? Number.NaN;
}
