import { GradswarmError } from '../protocol/errors.js';
import type { ReadonlyVector, Segment, Vector } from '../protocol/method.js';
import { nearestHint } from '../protocol/settings/problems.js';
import { decodeNpz, encodeNpz } from './arrays/npz.js';
import { elementCount, type NumberArray } from './arrays/number-array.js';
import { decodeSafetensors, encodeSafetensors } from './arrays/safetensors.js';

/** Parameters of a model as a file: each tensor under the name and with the shape that the model's layout gives it. */

export type ModelFormat = 'npz' | 'safetensors';

/** Where the tensors of a file go. `values`: as they are before it. */
export interface ModelTensors {
  readonly segments: readonly Segment[];
  readonly values: Vector;
}

/**
 * Reads the parameters in a file, by its ending, into the tensors of `model`, and into those of `base` that are not trained, where it
 * has them. With `base` in the file, trained tensors that it lacks, such as adapters, stay as they begin. Throws ERR_DATA_FORMAT where a
 * tensor is missing, of another shape or not finite, or where the file holds one that the model has not.
 */
export function readModel(bytes: Uint8Array, path: string, model: ModelTensors, base: ModelTensors | null): void {
  const wrong = (expected: string) => new GradswarmError('ERR_DATA_FORMAT', `initial: ${path}: expected ${expected}`);
  const tensors = tensorsOf(bytes, path);
  const known = [...model.segments, ...(base?.segments ?? [])].map(({ name }) => name);
  for (const name of tensors.keys())
    if (!known.includes(name))
      throw wrong(`tensors of the model (${known.join(', ')}), got '${name}'${nearestHint(name, known)}`);
  const hasBase = base?.segments.some(({ name }) => tensors.has(name)) ?? false;
  const places = [
    ...model.segments.map((segment) => ({ ...segment, into: model.values, needed: !hasBase })),
    ...(base && hasBase ? base.segments.map((segment) => ({ ...segment, into: base.values, needed: true })) : []),
  ];
  for (const { name, shape, offset, into, needed } of places) {
    const tensor = tensors.get(name);
    if (!tensor && !needed) continue;
    if (!tensor) throw wrong(`the tensor '${name}', got ${[...tensors.keys()].join(', ') || 'none'}`);
    if (tensor.shape.length !== shape.length || shape.some((length, axis) => tensor.shape[axis] !== length))
      throw wrong(`'${name}' of shape (${shape.join(', ')}), got (${tensor.shape.join(', ')})`);
    for (let i = 0; i < tensor.values.length; i++) {
      const value = tensor.values[i]!;
      if (!Number.isFinite(value)) throw wrong(`finite numbers in '${name}', got ${value} at ${i}`);
      into[offset + i] = value;
      if (!Number.isFinite(into[offset + i]!))
        throw wrong(`numbers within 3.4e38 in '${name}', got ${value} at ${i}; or set precision: 'float64'`);
    }
  }
}

function tensorsOf(bytes: Uint8Array, path: string): ReadonlyMap<string, NumberArray> {
  if (path.endsWith('.npz')) return decodeNpz(bytes, path);
  if (path.endsWith('.safetensors')) return decodeSafetensors(bytes, path);
  throw new GradswarmError('ERR_DATA_FORMAT', `initial: ${path}: expected an .npz or .safetensors file`);
}

/** The file of a model, those of its tensors that are not trained too. Several estimates, such as one a chain, are stacked along a first axis. */
export function encodeModel(
  format: ModelFormat,
  estimates: readonly ReadonlyVector[],
  segments: readonly Segment[],
  base: ModelTensors | null,
): Uint8Array {
  const tensors = new Map(segments.map((segment) => [segment.name, tensorOf(segment, estimates)]));
  for (const segment of base?.segments ?? []) tensors.set(segment.name, tensorOf(segment, [base!.values]));
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
