import { GradswarmError } from '../../../errors.js';
import { integer, oneOf } from '../../../settings/kinds.js';

/**
 * Whose view must be private, which decides who adds noise.
 * central: the coordinator is trusted and adds noise once, after summing.
 * distributed: every worker adds a share, and secure aggregation reveals only the sum; the utility is central.
 * local: every message is private by itself, the coordinator need not be trusted; with P workers of equal size the average
 * then has sqrt(P) times the central noise.
 */
const TRUST_PLACEMENTS = ['central', 'distributed', 'local'] as const;
export type TrustPlacement = (typeof TRUST_PLACEMENTS)[number];

export const trustSettings = {
  placement: oneOf(
    TRUST_PLACEMENTS,
    'central',
    'The source of the noise: the coordinator, all clients together, or each client for itself',
  ),
  absentCount: integer(0, "'distributed': clients that may be absent", { least: 0 }),
  colludingCount: integer(0, "'distributed': clients that may know that the others' noise is theirs alone", {
    least: 0,
  }),
};

interface Trust {
  readonly placement: TrustPlacement;
  readonly workerCount: number;
  readonly absentCount?: number;
  readonly colludingCount?: number;
}

/**
 * `shares` of `Privacy.gaussian` for a release: how many shares must survive to make the full noise. Distributed noise of
 * P workers of which up to A are absent and K collude (and know their own noise) is split in P - A - K. ERR_PRIVACY when
 * that is empty.
 */
export function noiseShares(trust: Trust): number {
  const { placement, workerCount, absentCount = 0, colludingCount = 0 } = trust;
  if (placement !== 'distributed') return 1;
  const shares = workerCount - absentCount - colludingCount;
  if (!(Number.isSafeInteger(shares) && shares >= 1))
    throw new GradswarmError(
      'ERR_PRIVACY',
      `distributed noise: ${absentCount} absent and ${colludingCount} colluding of ${workerCount} workers leave no ` +
        'honest share; expect fewer of them, or place the noise centrally or locally',
    );
  return shares;
}

/** Answers below which a sum is not looked at: any K of P - A may collude, and the shares of the rest are then the whole noise. */
export function answersNeeded(trust: Trust): number {
  return trust.placement === 'distributed' ? noiseShares(trust) + (trust.colludingCount ?? 0) : 1;
}
