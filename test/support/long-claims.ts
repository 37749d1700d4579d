import type { Claim } from '../../scenarios/check/claim.js';

/**
 * Claims of the contract of methods that the system suite has: in float32 the two longest placements behind sockets. `npm test` has them in
 * float64, and the third one in both.
 */
export function inSystemSuite({ title }: Claim): boolean {
  return /^float32: has the same bits in sockets, (one client a worker|3 workers, peers through the coordinator)$/.test(
    title,
  );
}
