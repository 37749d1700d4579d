import { GradswarmError } from '../../errors.js';
import type { ReadonlyVector, Segment, Vector } from '../../method.js';
import { copy } from '../../numerics/vector.js';
import { checkRange } from '../accounting/ranges.js';

/**
 * Clipping of one unit's contribution before it is summed. A contribution that is not finite counts as zero: a NaN would
 * defeat any bound. Clip the accumulated contribution of a unit once, never the parts it is computed in.
 */

function checkRadius(radius: number): void {
  checkRange('clipping radius', radius, { least: 0 }, 'number');
}

/** min(1, radius / |value|), or 0 when the norm is not finite. */
export function clippingFactor(norm: number, radius: number): number {
  checkRadius(radius);
  if (!Number.isFinite(norm)) return 0;
  return norm > radius ? radius / norm : 1;
}

function normOf(value: ReadonlyVector, from: number, to: number): number {
  let sum = 0;
  for (let i = from; i < to; i++) sum += value[i]! * value[i]!;
  return Math.sqrt(sum);
}

/** into += clip(value, radius), the norm taken over the whole vector. Returns the norm before clipping: private, diagnostics only. */
export function addClipped(into: Vector, value: ReadonlyVector, radius: number): number {
  const norm = normOf(value, 0, value.length);
  const factor = clippingFactor(norm, radius);
  if (factor === 0) return norm;
  for (let i = 0; i < into.length; i++) into[i] = into[i]! + factor * value[i]!;
  return norm;
}

/** One radius a layer, equal, whose total sensitivity is `radius`. */
export function equalLayerRadii(radius: number, layerCount: number): number[] {
  checkRadius(radius);
  return new Array<number>(layerCount).fill(radius / Math.sqrt(layerCount));
}

/**
 * Each segment clipped to its own radius. radii: one a segment, in the same order. Entries outside all segments would be
 * unbounded, so the segments must cover the vector.
 */
export function clipPerLayer(value: ReadonlyVector, segments: readonly Segment[], radii: readonly number[]): Vector {
  if (radii.length !== segments.length)
    throw new GradswarmError(
      'ERR_PRIVACY',
      `per-layer clipping: ${segments.length} segments but ${radii.length} radii`,
    );
  const result = copy(value);
  let covered = 0;
  segments.forEach(({ offset, shape }, layer) => {
    const length = shape.reduce((product, extent) => product * extent, 1);
    const factor = clippingFactor(normOf(value, offset, offset + length), radii[layer]!);
    for (let i = offset; i < offset + length; i++) result[i] = factor === 0 ? 0 : factor * value[i]!;
    covered += length;
  });
  if (covered !== value.length)
    throw new GradswarmError('ERR_PRIVACY', `per-layer clipping: segments cover ${covered} of ${value.length} numbers`);
  return result;
}
