import type { Rng } from '../../method.js';

/**
 * `count` different positions, one after the other, each with probability proportional to its weight among those that are left;
 * ascending. Weights are at least 0; positions of weight 0 come only when no others are left, uniformly.
 */
export function drawByWeight(weights: ArrayLike<number>, count: number, rng: Rng): number[] {
  const left = Float64Array.from(weights);
  const isOpen = new Array<boolean>(left.length).fill(true);
  const drawn: number[] = [];
  for (let k = 0; k < Math.min(count, left.length); k++) {
    const position = drawOne(left, isOpen, rng);
    drawn.push(position);
    isOpen[position] = false;
    left[position] = 0;
  }
  return drawn.sort((a, b) => a - b);
}

/** One position with probability proportional to its weight. At least one weight is positive. */
export function drawWithReplacement(weights: ArrayLike<number>, rng: Rng): number {
  return drawOne(weights, null, rng);
}

function drawOne(weights: ArrayLike<number>, isOpen: readonly boolean[] | null, rng: Rng): number {
  let total = 0;
  for (let i = 0; i < weights.length; i++) total += weights[i]!;
  if (!(total > 0)) {
    const open = Array.from(weights, (_, i) => i).filter((i) => isOpen?.[i] ?? true);
    return open[rng.below(open.length)]!;
  }
  const at = rng.uniform() * total;
  let sum = 0;
  let last = -1;
  for (let i = 0; i < weights.length; i++) {
    if (!(weights[i]! > 0)) continue;
    last = i;
    sum += weights[i]!;
    if (at < sum) return i;
  }
  // Rounding of the sum: the last one that has a weight.
  return last;
}
