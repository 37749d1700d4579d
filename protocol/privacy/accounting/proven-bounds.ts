/** Every proven upper bound on epsilon that applies to a composition, and how far below them the truth may lie. */
import { GradswarmError } from '../../errors.js';
import {
  type AccountingOptions,
  composedEpsilon,
  type GaussianReleases,
  isExactGaussian,
  type Spend,
} from './accountant.js';
import { type LossDistributionBounds, lossDistributionEpsilon } from './loss-distribution/loss-distribution.js';

/** How a record comes into a batch: by its own coin, or because a batch of fixed size is drawn from all records. */
export type SamplingScheme = 'poisson' | 'without-replacement';

export interface BoundsOptions extends Omit<AccountingOptions, 'method'> {
  readonly adjacency?: 'add-remove' | 'replace-one';
  readonly scheme?: SamplingScheme;
  /** Probability, over all steps, of something the bounds do not cover: a batch that was cut. 0 by default. */
  readonly failure?: number;
  /** Which accountants may answer; all by default. */
  readonly methods?: readonly BoundMethod[];
}

export type BoundMethod = 'exact-gaussian' | 'rdp' | 'loss-distribution';

export interface ProvenBound extends Omit<Spend, 'method'> {
  readonly method: BoundMethod;
}

export interface ProvenBounds {
  /** Tightest first; none only where no accountant covers the releases. */
  readonly bounds: readonly ProvenBound[];
  /** No accountant can prove less than this; 0 where no lower bound is known. */
  readonly lowerEpsilon: number;
  /** How the loss distribution was computed; null where it does not apply. */
  readonly lossDistribution: LossDistributionBounds | null;
}

const isSampled = ({ sampling, count }: GaussianReleases): boolean => sampling > 0 && sampling < 1 && count > 0;

/**
 * Why an accountant does not apply, or null. Renyi orders of the sampled Gaussian are proved for Poisson sampling and
 * add-remove adjacency; the loss distribution also for the other three pairs of sampling and adjacency.
 */
function reasonAgainst(
  method: BoundMethod,
  releases: readonly GaussianReleases[],
  { adjacency = 'add-remove', scheme = 'poisson', failure = 0 }: BoundsOptions,
): string | null {
  const sampled = releases.some(isSampled);
  const discrete = releases.some((release) => release.discrete === true);
  if (method === 'loss-distribution')
    return discrete ? 'the loss distribution of discrete noise is not that of the Gaussian; use method rdp' : null;
  if (failure > 0) return 'batches with a cap are accounted for by the loss distribution only';
  if (method === 'exact-gaussian')
    return isExactGaussian(releases)
      ? null
      : 'holds for unsampled Gaussian noise only, got sampled or discrete noise; use method rdp';
  if (sampled && (adjacency !== 'add-remove' || scheme !== 'poisson'))
    return (
      `Renyi orders of the sampled Gaussian are proved for Poisson sampling and add-remove adjacency only, got ${scheme} ` +
      `sampling and ${adjacency}; use method loss-distribution`
    );
  return null;
}

/** Is the loss distribution that of actual neighbours, so that its lower bound is one on the truth? */
function isTight(releases: readonly GaussianReleases[], { adjacency, scheme, failure }: BoundsOptions): boolean {
  if ((failure ?? 0) > 0) return false;
  return !releases.some(isSampled) || (adjacency !== 'replace-one' && scheme !== 'without-replacement');
}

/**
 * Noise multipliers as the loss distribution's pairs need them. Without replacement and with add-remove adjacency a batch
 * of m of n + 1 records has the new one with probability q = m / (n + 1) and is else a batch of the others; with it, it differs by a
 * replacement, of twice the sensitivity, from a batch of the others that is as likely. So (1 - q) N(0, z^2) + q N(2, z^2) against
 * N(0, z^2) dominates both directions, by joint convexity; a record opposite to all others attains it.
 */
function pairsOf(releases: readonly GaussianReleases[], { adjacency, scheme }: BoundsOptions) {
  const halved = scheme === 'without-replacement' && adjacency !== 'replace-one';
  return releases.map(({ sampling, noiseMultiplier, count }) => ({
    sampling,
    count,
    noiseMultiplier: halved && sampling < 1 ? noiseMultiplier / 2 : noiseMultiplier,
  }));
}

/** All bounds at `delta`. ERR_PRIVACY with every reason when `methods` leaves none that applies. */
export function provenBounds(
  releases: readonly GaussianReleases[],
  delta: number,
  options: BoundsOptions = {},
): ProvenBounds {
  const {
    methods = ['exact-gaussian', 'rdp', 'loss-distribution'],
    adjacency,
    scheme,
    failure = 0,
    ...renyi
  } = options;
  const bounds: ProvenBound[] = [];
  const reasons: string[] = [];
  let lossDistribution: LossDistributionBounds | null = null;
  let lowerEpsilon = 0;
  for (const method of methods) {
    const reason = reasonAgainst(method, releases, options);
    if (reason !== null) {
      reasons.push(`method ${method}: ${reason}`);
      continue;
    }
    if (method === 'loss-distribution') {
      const guess = bounds.find(({ epsilon }) => Number.isFinite(epsilon))?.epsilon;
      lossDistribution = lossDistributionEpsilon(pairsOf(releases, options), delta, adjacency, {
        failure,
        ...(guess === undefined ? {} : { guess }),
      });
      bounds.push({ method, epsilon: lossDistribution.epsilon, order: null, warnings: [] });
      if (isTight(releases, options)) lowerEpsilon = Math.max(lowerEpsilon, lossDistribution.lowerEpsilon);
    } else {
      const { epsilon, order, warnings } = composedEpsilon(releases, delta, { ...renyi, method });
      bounds.push({ method, epsilon, order, warnings });
      if (method === 'exact-gaussian') lowerEpsilon = epsilon;
    }
  }
  if (bounds.length === 0) throw new GradswarmError('ERR_PRIVACY', reasons.join('; '));
  bounds.sort((a, b) => a.epsilon - b.epsilon);
  return { bounds, lowerEpsilon: Math.min(lowerEpsilon, bounds[0]!.epsilon), lossDistribution };
}

/** The tightest of all bounds, as a ledger reports what was spent. */
export function tightestSpend(
  releases: readonly GaussianReleases[],
  delta: number,
  options: BoundsOptions = {},
): Spend {
  const nothing = releases.every(
    ({ sampling, count, noiseMultiplier: z }) => sampling * count === 0 || z === Number.POSITIVE_INFINITY,
  );
  if (nothing) return { epsilon: 0, order: null, method: 'none', warnings: [] };
  return provenBounds(releases, delta, options).bounds[0]!;
}
