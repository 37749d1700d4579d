/**
 * The noise multiplier of the Gaussian release with the same rho, 1 / (2 z^2): how a ledger holds a mechanism that is known by
 * its rho, in zero-concentrated differential privacy (Bun and Steinke, 2016).
 */
export function equivalentNoiseMultiplier(rho: number): number {
  return 1 / Math.sqrt(2 * rho);
}
