import type { Rng, Segment, Vector } from '../../../../protocol/method.js';
import type { InitialSegment } from './adapters.js';
import { initialize } from './initializers.js';
import { sizeOf } from './layer.js';

/** Every tensor has a stream of its own, so that what is trained does not change how the rest begins. */
export function initializeAll(values: Vector, segments: readonly InitialSegment[], rng: Rng): void {
  for (const { name, offset, shape, initial } of segments)
    initialize(values.subarray(offset, offset + sizeOf(shape)), shape, initial, rng.derive(name));
}

export function lengthOf(segments: readonly Segment[]): number {
  return segments.reduce((sum, { shape }) => sum + sizeOf(shape), 0);
}
