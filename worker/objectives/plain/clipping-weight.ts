/** min(1, radius / norm); 0 when the norm is not finite, since a NaN defeats any bound. */
export function clippingWeight(squaredNormOfGradient: number, radius: number): number {
  if (!Number.isFinite(squaredNormOfGradient)) return 0;
  const length = Math.sqrt(squaredNormOfGradient);
  return length > radius ? radius / length : 1;
}
