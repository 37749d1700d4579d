import { GradswarmError } from '../../errors.js';
import { type Conversion, type ConvertedEpsilon, rdpToEpsilon } from './conversion.js';
import { composedMu, gaussianEpsilon } from './gaussian-composition.js';
import { type Orders, resolveOrders } from './orders.js';
import { checkCount, checkNoiseMultiplier, checkSampling } from './ranges.js';
import { sampledGaussianRdp } from './rdp-gaussian.js';

/** Releases of one kind, as far as accounting cares. */
export interface GaussianReleases {
  /** Poisson sampling probability, in [0, 1]; 1: every record, every time. */
  readonly sampling: number;
  /** Noise stddev divided by the L2 sensitivity, at least 0. */
  readonly noiseMultiplier: number;
  readonly count: number;
  /** Noise on the integers. Its privacy bounds are those of the Gaussian, but the exact Gaussian formula is not its own. */
  readonly discrete?: boolean;
}

export type AccountingMethod = 'auto' | 'rdp' | 'exact-gaussian';

export interface Spend extends ConvertedEpsilon {
  /** What was used: exact Gaussian composition, Renyi orders, the loss distribution, or nothing because nothing was spent. */
  readonly method: 'exact-gaussian' | 'rdp' | 'loss-distribution' | 'none';
}

export interface AccountingOptions {
  readonly orders?: Orders;
  readonly conversion?: Conversion;
  readonly method?: AccountingMethod;
  /** Answers what `releaseRdp` would, perhaps from a memory. */
  readonly rdpOf?: typeof releaseRdp;
}

/** RDP at every order of one release. Sampled discrete noise is Infinity at fractional orders. */
export function releaseRdp(
  orders: readonly number[],
  release: Pick<GaussianReleases, 'sampling' | 'noiseMultiplier' | 'discrete'>,
): Float64Array {
  const { sampling, noiseMultiplier, discrete } = release;
  // The binomial sum needs only E[(P/Q)^k] at whole k, which zCDP of the discrete Gaussian bounds, and the symmetry
  // x -> shift - x of the lattice; at fractional orders there is no such proof.
  const wholeOrdersOnly = discrete === true && sampling < 1;
  return Float64Array.from(orders, (order) =>
    wholeOrdersOnly && !Number.isInteger(order)
      ? Number.POSITIVE_INFINITY
      : sampledGaussianRdp(order, sampling, noiseMultiplier),
  );
}

/** RDP of a composition at every order: the sum over its releases. `rdpOf` may answer from a memory. */
export function composedRdp(
  orders: readonly number[],
  releases: readonly GaussianReleases[],
  rdpOf: typeof releaseRdp = releaseRdp,
): Float64Array {
  const total = new Float64Array(orders.length);
  for (const release of releases) {
    if (release.count === 0 || release.sampling === 0) continue;
    const rdp = rdpOf(orders, release);
    for (let i = 0; i < total.length; i++) total[i] = total[i]! + release.count * rdp[i]!;
  }
  return total;
}

/** May the exact Gaussian composition be used? */
export function isExactGaussian(releases: readonly GaussianReleases[]): boolean {
  return releases.every(
    ({ sampling, count, discrete }) => count === 0 || sampling === 0 || (sampling === 1 && discrete !== true),
  );
}

function checkReleases(releases: readonly GaussianReleases[]): readonly GaussianReleases[] {
  for (const { sampling, noiseMultiplier, count } of releases) {
    checkSampling(sampling);
    checkNoiseMultiplier(noiseMultiplier);
    checkCount('steps', count);
  }
  return releases.filter(
    ({ sampling, noiseMultiplier, count }) => count > 0 && sampling > 0 && noiseMultiplier !== Number.POSITIVE_INFINITY,
  );
}

/**
 * The epsilon at `delta` of adaptively composed (sampled) Gaussian releases, add-remove adjacency (either adjacency where
 * nothing is sampled). 'auto' composes exactly where no release is sampled and else adds Renyi orders; 'exact-gaussian' on
 * sampled or discrete releases is refused with ERR_PRIVACY.
 */
export function composedEpsilon(
  releases: readonly GaussianReleases[],
  delta: number,
  options: AccountingOptions = {},
): Spend {
  const spending = checkReleases(releases);
  const orders = resolveOrders(options.orders);
  const { method = 'auto' } = options;
  const exact = isExactGaussian(spending);
  if (method === 'exact-gaussian' && !exact)
    throw new GradswarmError(
      'ERR_PRIVACY',
      'method exact-gaussian: holds for unsampled Gaussian noise only, got sampled or discrete noise; use method rdp',
    );
  if (exact && method !== 'rdp') {
    const epsilon = gaussianEpsilon(composedMu(spending), delta);
    return { epsilon, order: null, method: spending.length === 0 ? 'none' : 'exact-gaussian', warnings: [] };
  }
  const converted = rdpToEpsilon(orders, composedRdp(orders, spending, options.rdpOf), delta, options.conversion);
  return { ...converted, method: spending.length === 0 ? 'none' : 'rdp' };
}
