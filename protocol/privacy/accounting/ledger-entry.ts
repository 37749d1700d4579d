import type { z as types } from 'zod';
import { GradswarmError } from '../../errors.js';
import type { PartyId } from '../../method.js';

/** One release as the ledger records it: plain data, part of a run's checkpoint. */
export interface LedgerEntry {
  readonly label: string;
  /** 'tree-aggregation': `count` nodes that one record touches, each a Gaussian release. */
  readonly mechanism: 'gaussian' | 'discrete-gaussian' | 'tree-aggregation';
  readonly adjacency: 'add-remove' | 'replace-one';
  readonly unit: 'example' | 'client';
  /** L2 sensitivity of each part. */
  readonly l2Sensitivities: readonly number[];
  /** Of all parts together: (sum of 1 / z_i^2)^(-1/2). */
  readonly noiseMultiplier: number;
  /** Poisson sampling probability of the unit. */
  readonly sampling: number;
  readonly count: number;
  readonly round: number;
  readonly attempt: number;
  /** How many releases this party made before in this attempt of the round. */
  readonly call: number;
  /** Whose data the release is about: all ('coordinator'), or one client's own. */
  readonly party: PartyId;
  readonly noise: 'secure' | 'seeded';
}

/** One entry of a file or of a worker's report, made by this zod: what only makes releases reads none. */
export function ledgerEntryShape(z: typeof types) {
  const probability = z.number('expected a number in [0, 1]').min(0).max(1);
  const whole = z.number('expected a whole number').int().min(0);
  // Infinity is allowed: a part that is not bounded, or a release without information.
  const nonNegative = z.union(
    [z.number().min(0), z.literal(Number.POSITIVE_INFINITY)],
    'expected a number of at least 0',
  );
  return z.strictObject({
    label: z.string().default('release'),
    mechanism: z.enum(['gaussian', 'discrete-gaussian', 'tree-aggregation']).default('gaussian'),
    adjacency: z.enum(['add-remove', 'replace-one']).default('add-remove'),
    unit: z.enum(['example', 'client']).default('example'),
    l2Sensitivities: z.array(nonNegative).default([]),
    noiseMultiplier: nonNegative,
    sampling: probability.default(1),
    count: whole.default(1),
    round: whole.default(0),
    attempt: whole.default(0),
    call: whole.default(0),
    party: z.union([z.literal('coordinator'), whole]).default('coordinator'),
    noise: z.enum(['secure', 'seeded']).default('secure'),
  });
}

/** Refuses what no theorem here covers. */
export function checkRelease(
  entry: Pick<LedgerEntry, 'label' | 'adjacency' | 'sampling'> & Partial<Pick<LedgerEntry, 'mechanism'>>,
): void {
  if (entry.mechanism === 'tree-aggregation' && entry.sampling < 1)
    throw new GradswarmError(
      'ERR_PRIVACY',
      `release '${entry.label}': one coin decides over all nodes of a tree that a record is in, which no sampled Gaussian ` +
        `is; expected tree-aggregation with sampling 1, got ${entry.sampling}`,
    );
  if (entry.adjacency === 'replace-one' && entry.sampling < 1)
    throw new GradswarmError(
      'ERR_PRIVACY',
      `release '${entry.label}': the sampled Gaussian is proved for add-remove adjacency only, got replace-one with ` +
        `sampling ${entry.sampling}; use add-remove, or sampling 1`,
    );
}
