import type { Gaussian } from '../../protocol/bayesian/conjugate.js';
import {
  momentsOfDraws,
  relativeCovarianceError,
  squaredMahalanobis,
  wasserstein2,
} from '../../protocol/bayesian/distances.js';
import type { ReadonlyVector } from '../../protocol/method.js';
import { type Diagnostics, diagnose } from './diagnostics.js';

/** Distance of the draws' Gaussian moments from a known posterior. */
export interface DistanceFromTruth {
  /** Mean error in posterior standard deviations (Mahalanobis). */
  readonly meanError: number;
  /** |C - C0|_F / |C0|_F. */
  readonly covarianceError: number;
  readonly wasserstein2: number;
}

export interface PosteriorSummary {
  /** One row a parameter. */
  readonly parameters: readonly Diagnostics[];
  /**
   * Largest R-hat and smallest effective sample sizes over the parameters. NaN where a draw is not finite; R-hat null where draws
   * are finite and those of a parameter all equal, which have none.
   */
  readonly worst: { readonly rhat: number | null; readonly bulkEss: number; readonly tailEss: number };
  /**
   * R-hat below the limit and 100 effective draws a chain everywhere. Shows that the chains agree, not that they are right: a
   * sampler that is biased passes too.
   */
  readonly mixed: boolean;
  readonly truth?: DistanceFromTruth;
}

/** Where a scenario does not expect another one. */
export const RHAT_LIMIT = 1.01;
const ESS_PER_CHAIN = 100;

type Draws = readonly (readonly ReadonlyVector[])[];

/**
 * draws[chain][draw], at least 4 draws a chain, all chains of one length; `truth`: the posterior where it is known. `whole`: the
 * draws with all parameters, where `draws` have some: one that is not finite anywhere leaves nothing to diagnose.
 */
export function summarizePosterior(
  draws: Draws,
  truth?: Gaussian,
  rhatLimit = RHAT_LIMIT,
  whole: Draws = draws,
): PosteriorSummary {
  const length = draws[0]?.[0]?.length ?? 0;
  const parameters = Array.from({ length }, (_, parameter) =>
    diagnose(draws.map((chain) => Float64Array.from(chain, (draw) => draw[parameter]!))),
  );
  const worst = areFinite(whole)
    ? {
        rhat: parameters.some(({ rhat }) => Number.isNaN(rhat))
          ? null
          : parameters.reduce((most, { rhat }) => Math.max(most, rhat), Number.NEGATIVE_INFINITY),
        bulkEss: parameters.reduce((least, { bulkEss }) => Math.min(least, bulkEss), Number.POSITIVE_INFINITY),
        tailEss: parameters.reduce((least, { tailEss }) => Math.min(least, tailEss), Number.POSITIVE_INFINITY),
      }
    : { rhat: Number.NaN, bulkEss: Number.NaN, tailEss: Number.NaN };
  const needed = ESS_PER_CHAIN * draws.length;
  const mixed = worst.rhat !== null && worst.rhat < rhatLimit && worst.bulkEss >= needed && worst.tailEss >= needed;
  if (!truth) return { parameters, worst, mixed };
  const found = momentsOfDraws(draws.flat());
  const distance = {
    meanError: Math.sqrt(squaredMahalanobis(found.mean, truth)),
    covarianceError: relativeCovarianceError(found, truth),
    wasserstein2: wasserstein2(found, truth),
  };
  return { parameters, worst, mixed, truth: distance };
}

function areFinite(draws: Draws): boolean {
  return draws.every((chain) => chain.every((draw) => Float64Array.from(draw).every(Number.isFinite)));
}
