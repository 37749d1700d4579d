import type { ReadonlyVector, Segment, Vector } from '../../protocol/method.js';
import { rootStream } from '../../protocol/numerics/random.js';
import type { Evidence, Optimizer } from '../../protocol/optimizers/optimizer.js';

/** Parameters after each step, the start first, of a rule fed with `gradientOf(params, step)`. */
export function trajectory<S>(
  optimizer: Optimizer<S>,
  start: ReadonlyVector,
  steps: number,
  gradientOf: (params: ReadonlyVector, step: number) => ReadonlyVector,
  evidenceOf?: (params: ReadonlyVector, step: number) => Evidence,
): ReadonlyVector[] {
  const path: ReadonlyVector[] = [start];
  let params = start;
  let state = optimizer.init(start.length);
  for (let step = 0; step < steps; step++) {
    [params, state] = optimizer.update(gradientOf(params, step), state, params, evidenceOf?.(params, step));
    path.push(params);
  }
  return path;
}

/** A stream of gradients that are a function of (seed, step) alone. */
export function noise(length: number, seed = 1): (params: ReadonlyVector, step: number) => Vector {
  const root = rootStream(seed, 'float64').derive('gradients');
  return (_, step) => root.derive(step).normal(length);
}

/** One kernel of `rows` x `columns` and nothing else. */
export function kernel(rows: number, columns: number): readonly Segment[] {
  return [{ name: 'kernel', module: 'layer', offset: 0, shape: [rows, columns] }];
}

export function normOf(vector: ReadonlyVector, start = 0, end = vector.length): number {
  let sum = 0;
  for (let i = start; i < end; i++) sum += vector[i]! ** 2;
  return Math.sqrt(sum);
}

/** after - before. */
export function move(before: ReadonlyVector, after: ReadonlyVector): Float64Array {
  return Float64Array.from({ length: before.length }, (_, i) => after[i]! - before[i]!);
}
