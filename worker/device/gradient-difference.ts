/** A device's gradient may differ from that of the plain JavaScript device by this share of the largest entry of that. */
export const TOLERANCE = 1e-4;

/** Largest difference of two gradients, relative to the largest entry of the second. Infinite where the first has a number that is not finite. */
export function gradientDifference(values: ArrayLike<number>, reference: ArrayLike<number>): number {
  let [largest, difference] = [0, 0];
  for (let j = 0; j < reference.length; j++) {
    if (!Number.isFinite(values[j])) return Number.POSITIVE_INFINITY;
    largest = Math.max(largest, Math.abs(reference[j]!));
    difference = Math.max(difference, Math.abs(values[j]! - reference[j]!));
  }
  return difference === 0 ? 0 : difference / largest;
}
