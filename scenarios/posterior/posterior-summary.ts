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
  /** Largest R-hat and smallest effective sample sizes over the parameters. */
  readonly worst: { readonly rhat: number; readonly bulkEss: number; readonly tailEss: number };
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

/** draws[chain][draw], at least 4 draws a chain, all chains of one length; `truth`: the posterior where it is known. */
export function summarizePosterior(
  draws: readonly (readonly ReadonlyVector[])[],
  truth?: Gaussian,
  rhatLimit = RHAT_LIMIT,
): PosteriorSummary {
  const length = draws[0]?.[0]?.length ?? 0;
  const parameters = Array.from({ length }, (_, parameter) =>
    diagnose(draws.map((chain) => Float64Array.from(chain, (draw) => draw[parameter]!))),
  );
  const worst = {
    rhat: parameters.reduce((largest, { rhat }) => Math.max(largest, rhat), 0),
    bulkEss: parameters.reduce((least, { bulkEss }) => Math.min(least, bulkEss), Number.POSITIVE_INFINITY),
    tailEss: parameters.reduce((least, { tailEss }) => Math.min(least, tailEss), Number.POSITIVE_INFINITY),
  };
  const needed = ESS_PER_CHAIN * draws.length;
  const mixed = worst.rhat < rhatLimit && worst.bulkEss >= needed && worst.tailEss >= needed;
  if (!truth) return { parameters, worst, mixed };
  const found = momentsOfDraws(draws.flat());
  const distance = {
    meanError: Math.sqrt(squaredMahalanobis(found.mean, truth)),
    covarianceError: relativeCovarianceError(found, truth),
    wasserstein2: wasserstein2(found, truth),
  };
  return { parameters, worst, mixed, truth: distance };
}
