import { GradswarmError } from '../protocol/errors.js';
import type { Precision, ReadonlyVector, Segment, Vector } from '../protocol/method.js';
import { zeros } from '../protocol/numerics/vector.js';
import { nearestHint } from '../protocol/settings/problems.js';
import { decodeNpz, encodeNpz } from './arrays/npz.js';
import { elementCount, type NumberArray } from './arrays/number-array.js';
import { decodeSafetensors, encodeSafetensors } from './arrays/safetensors.js';

/** Parameters of a model as a file: each tensor under the name and with the shape that the model's layout gives it. */

export type ModelFormat = 'npz' | 'safetensors';

/**
 * The parameters in a file, by its ending, in the model's order. Throws ERR_DATA_FORMAT where a tensor is missing, of another shape or
 * not finite, or where the file holds one that the model has not.
 */
export function decodeModel(
  bytes: Uint8Array,
  path: string,
  segments: readonly Segment[],
  precision: Precision,
): Vector {
  const wrong = (expected: string) => new GradswarmError('ERR_DATA_FORMAT', `initial: ${path}: expected ${expected}`);
  const tensors = tensorsOf(bytes, path);
  const known = segments.map(({ name }) => name);
  for (const name of tensors.keys())
    if (!known.includes(name))
      throw wrong(`tensors of the model (${known.join(', ')}), got '${name}'${nearestHint(name, known)}`);
  const params = zeros(
    segments.reduce((sum, { shape }) => sum + elementCount(shape), 0),
    precision,
  );
  for (const { name, shape, offset } of segments) {
    const tensor = tensors.get(name);
    if (!tensor) throw wrong(`the tensor '${name}', got ${[...tensors.keys()].join(', ') || 'none'}`);
    if (tensor.shape.length !== shape.length || shape.some((length, axis) => tensor.shape[axis] !== length))
      throw wrong(`'${name}' of shape (${shape.join(', ')}), got (${tensor.shape.join(', ')})`);
    for (let i = 0; i < tensor.values.length; i++) {
      const value = tensor.values[i]!;
      if (!Number.isFinite(value)) throw wrong(`finite numbers in '${name}', got ${value} at ${i}`);
      params[offset + i] = value;
    }
  }
  return params;
}

function tensorsOf(bytes: Uint8Array, path: string): ReadonlyMap<string, NumberArray> {
  if (path.endsWith('.npz')) return decodeNpz(bytes, path);
  if (path.endsWith('.safetensors')) return decodeSafetensors(bytes, path);
  throw new GradswarmError('ERR_DATA_FORMAT', `initial: ${path}: expected an .npz or .safetensors file`);
}

/** The file of a model. Several estimates, such as one a chain, are stacked along a first axis. */
export function encodeModel(
  format: ModelFormat,
  estimates: readonly ReadonlyVector[],
  segments: readonly Segment[],
): Uint8Array {
  const tensors = new Map(segments.map((segment) => [segment.name, tensorOf(segment, estimates)]));
  return format === 'npz' ? encodeNpz(tensors) : encodeSafetensors(tensors, { format: 'np' });
}

function tensorOf({ offset, shape }: Segment, estimates: readonly ReadonlyVector[]): NumberArray {
  const length = elementCount(shape);
  const [only] = estimates;
  if (only && estimates.length === 1) return { shape, values: only.subarray(offset, offset + length) };
  const width = estimates[0]?.BYTES_PER_ELEMENT === 8 ? Float64Array : Float32Array;
  const values = new width(estimates.length * length);
  for (const [index, estimate] of estimates.entries())
    for (let i = 0; i < length; i++) values[index * length + i] = estimate[offset + i]!;
  return { shape: [estimates.length, ...shape], values };
}
