import type { Objective, ReadonlyVector, Vector } from '../../../method.js';
import { zerosLike } from '../../../numerics/vector.js';
import type { Module } from './modules.js';

/** A batch's gradient as the mean of its parts' gradients, and how these differ. */
export interface PartedGradient {
  readonly gradient: Vector;
  /** Mean over the parts, by examples, of their squared deviations from `gradient`, entry by entry. */
  readonly spread: Vector;
  /** Parts that the batch was cut into: the requested number, or one per example in a smaller batch. */
  readonly parts: number;
}

/** One gradient a part of consecutive indices, as equal in size as the batch allows. `batch` must not be empty. */
export async function gradientByParts(
  objective: Objective,
  params: ReadonlyVector,
  batch: Uint32Array,
  partCount: number,
): Promise<PartedGradient> {
  const parts = Math.min(partCount, batch.length);
  const mean = new Float64Array(params.length);
  const squares = new Float64Array(params.length);
  let before = 0;
  for (let p = 0; p < parts; p++) {
    const end = Math.floor(((p + 1) * batch.length) / parts);
    const examples = end - before;
    const gradient = await objective.gradient(params, batch.subarray(before, end));
    const share = examples / end;
    const factor = (examples * before) / end;
    for (let i = 0; i < mean.length; i++) {
      const distance = gradient[i]! - mean[i]!;
      mean[i] = mean[i]! + share * distance;
      squares[i] = squares[i]! + factor * distance * distance;
    }
    before = end;
  }
  const gradient = zerosLike(params);
  const spread = zerosLike(params);
  for (let i = 0; i < mean.length; i++) {
    gradient[i] = mean[i]!;
    spread[i] = squares[i]! / batch.length;
  }
  return { gradient, spread, parts };
}

/** tr(Sigma) of one example in each module, from the spread of two or more parts of one batch. */
export function tracesWithin(
  spread: ReadonlyVector,
  parts: number,
  examples: number,
  modules: readonly Module[],
): Float64Array {
  return Float64Array.from(modules, ({ ranges }) => {
    let sum = 0;
    for (const { start, end } of ranges) for (let i = start; i < end; i++) sum += Math.max(0, spread[i]!);
    return (examples * sum) / (parts - 1);
  });
}
