import { innerProduct } from './dense-layer.js';

/** What one example leaves in each layer: its input, pre-activation z and d(loss)/dz. Enough for its gradient and norms. */
export interface ExampleTrace {
  /** Where the weights of the p-th listed input begin, the input itself, and how many are listed. */
  readonly bases: readonly Int32Array[];
  readonly values: readonly Float64Array[];
  readonly counts: number[];
  readonly preactivations: readonly Float64Array[];
  readonly slopes: readonly Float64Array[];
  readonly deltas: readonly Float64Array[];
}

/** |g|^2 of the traced example: a layer's gradient is the outer product of its input and delta, so no gradient is formed. */
export function squaredGradientNorm(trace: ExampleTrace, bias: boolean): number {
  const one = bias ? 1 : 0;
  let sum = 0;
  for (let l = 0; l < trace.deltas.length; l++) {
    const values = trace.values[l]!;
    const delta = trace.deltas[l]!;
    sum += (innerProduct(values, values, trace.counts[l]!) + one) * innerProduct(delta, delta, delta.length);
  }
  return sum;
}

/** <g, params> of the traced example, at the parameters it was traced with: sum over layers of <delta, z>. */
export function gradientTimesParams(trace: ExampleTrace): number {
  let sum = 0;
  for (let l = 0; l < trace.deltas.length; l++) {
    const delta = trace.deltas[l]!;
    sum += innerProduct(delta, trace.preactivations[l]!, delta.length);
  }
  return sum;
}

/**
 * |g(a) - g(b)|^2 of one example traced at two points. With h, d for input and delta,
 * h_a d_a - h_b d_b = h_a (d_a - d_b) + (h_a - h_b) d_b, whose three products are already as small as the difference: the
 * expanded square |g_a|^2 - 2 <g_a, g_b> + |g_b|^2 would cancel.
 */
export function squaredDifferenceNorm(a: ExampleTrace, b: ExampleTrace, bias: boolean): number {
  const one = bias ? 1 : 0;
  let total = 0;
  for (let l = 0; l < a.deltas.length; l++) {
    const inputA = a.values[l]!;
    const inputB = b.values[l]!;
    const deltaA = a.deltas[l]!;
    const deltaB = b.deltas[l]!;
    let input2 = one;
    let inputStep = 0;
    let step2 = 0;
    for (let p = 0; p < a.counts[l]!; p++) {
      const value = inputA[p]!;
      const step = value - inputB[p]!;
      input2 += value * value;
      inputStep += value * step;
      step2 += step * step;
    }
    let change2 = 0;
    let changeDelta = 0;
    let delta2 = 0;
    for (let c = 0; c < deltaA.length; c++) {
      const delta = deltaB[c]!;
      const change = deltaA[c]! - delta;
      change2 += change * change;
      changeDelta += change * delta;
      delta2 += delta * delta;
    }
    total += input2 * change2 + 2 * inputStep * changeDelta + step2 * delta2;
  }
  return Math.max(total, 0);
}
