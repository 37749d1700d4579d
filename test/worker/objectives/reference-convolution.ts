import type { Segment } from '../../../protocol/method.js';
import type { Examples } from '../../../worker/datasets/dataset.js';

/** Mean cross-entropy of a tanh convolutional network in float64, written from the definition, as slowly as it reads. */
export function referenceLoss(
  params: Float64Array,
  segments: readonly Segment[],
  examples: Examples,
  rows: readonly number[],
  inputShape: readonly [side: number, side: number, channels: number],
): number {
  let total = 0;
  for (const row of rows) {
    let [side, , channels] = inputShape;
    let signal: Float64Array = Float64Array.from(
      examples.features.subarray(row * side * side * channels, (row + 1) * side * side * channels),
    );
    for (let s = 0; s < segments.length; s += 2) {
      const { offset, shape } = segments[s]!;
      const biasOffset = segments[s + 1]!.offset;
      if (shape.length === 4) {
        const [kernel, , , filters] = shape as [number, number, number, number];
        signal = poolOf(convolved(signal, side, channels, params, offset, biasOffset, kernel, filters), side, filters);
        side >>= 1;
        channels = filters;
      } else {
        const outputs = shape[1]!;
        const z = new Float64Array(outputs);
        for (let c = 0; c < outputs; c++) {
          z[c] = params[biasOffset + c]!;
          for (let j = 0; j < signal.length; j++) z[c]! += signal[j]! * params[offset + j * outputs + c]!;
        }
        signal = s + 2 < segments.length ? z.map(Math.tanh) : z;
      }
    }
    const sum = signal.reduce((partial, z) => partial + Math.exp(z), 0);
    total += Math.log(sum) - signal[examples.labels[row]!]!;
  }
  return total / rows.length;
}

/** tanh of a convolution of stride 1 with zero padding, floor((kernel - 1) / 2) before. */
function convolved(
  image: Float64Array,
  side: number,
  channels: number,
  params: Float64Array,
  offset: number,
  biasOffset: number,
  kernel: number,
  filters: number,
): Float64Array {
  const result = new Float64Array(side * side * filters);
  const before = (kernel - 1) >> 1;
  for (let y = 0; y < side; y++)
    for (let x = 0; x < side; x++)
      for (let f = 0; f < filters; f++) {
        let sum = params[biasOffset + f]!;
        for (let v = 0; v < kernel; v++)
          for (let u = 0; u < kernel; u++) {
            const [py, px] = [y + v - before, x + u - before];
            if (py < 0 || px < 0 || py >= side || px >= side) continue;
            for (let c = 0; c < channels; c++)
              sum +=
                image[(py * side + px) * channels + c]! *
                params[offset + ((v * kernel + u) * channels + c) * filters + f]!;
          }
        result[(y * side + x) * filters + f] = Math.tanh(sum);
      }
  return result;
}

/** 2x2 maxima. */
function poolOf(image: Float64Array, side: number, channels: number): Float64Array {
  const half = side >> 1;
  const result = new Float64Array(half * half * channels).fill(Number.NEGATIVE_INFINITY);
  for (let y = 0; y < 2 * half; y++)
    for (let x = 0; x < 2 * half; x++)
      for (let c = 0; c < channels; c++) {
        const at = ((y >> 1) * half + (x >> 1)) * channels + c;
        result[at] = Math.max(result[at]!, image[(y * side + x) * channels + c]!);
      }
  return result;
}
