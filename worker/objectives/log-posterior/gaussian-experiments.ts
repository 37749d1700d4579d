import { gaussianPriorFactor } from '../../../protocol/bayesian/conjugate.js';
import { momentsOfDraws } from '../../../protocol/bayesian/distances.js';
import type { GaussianModel, GaussianShard } from '../../../protocol/bayesian/gaussian-model.js';
import type { Rng } from '../../../protocol/method.js';
import {
  cholesky,
  identity,
  matrixProduct,
  matrixVector,
  symmetricInverse,
  transpose,
} from '../../../protocol/numerics/linear-algebra.js';

/** Small Gaussian problems with known answers, for scenarios and tests. */

/** A symmetric 2 x 2 matrix from its upper triangle. */
function symmetric(a11: number, a12: number, a22: number): Float64Array {
  return Float64Array.of(a11, a12, a12, a22);
}

function shard(
  exampleCount: number,
  mean: readonly [number, number],
  dataPrecision: Float64Array,
  dataCovariance: Float64Array,
): GaussianShard {
  return { exampleCount, mean: Float64Array.from(mean), dataPrecision, dataCovariance };
}

/**
 * Four shards of 50, 100, 200 and 400 two-dimensional observations with different means and precisions, prior N(0, 100
 * I): unequal curvature biases the mean of samplers that stay on a shard for long. Constructed for this project.
 */
export const UNEQUAL_CURVATURE: GaussianModel = {
  prior: gaussianPriorFactor(2, 0.01),
  shards: [
    shard(
      50,
      [-3.0606333710943545, 0.9844204520227321],
      symmetric(3.672504277955649, 1.0587046376156926, 0.5774957220443535),
      symmetric(0.6803790505710643, -1.224484783024982, 4.08678519920247),
    ),
    shard(
      100,
      [1.8674490500646233, -2.073456269396562],
      symmetric(2.9052753185258946, -1.7049326752981553, 1.3447246814741096),
      symmetric(1.422430480636598, 1.9349194917267716, 3.2577596192019773),
    ),
    shard(
      200,
      [0.9979225737025987, 3.168889834460884],
      symmetric(1, 0, 1),
      symmetric(0.897565810270495, 0.08765041663269484, 1.013202711771459),
    ),
    shard(
      400,
      [-1.2166057531264038, -1.4354190066405599],
      symmetric(0.24944992062773746, 0.16424162166474326, 0.30610563492781784),
      symmetric(5.460976559358635, -2.8661360574959818, 4.656258426371494),
    ),
  ],
};

/** Two shards of 10 and 30 scalar observations, prior N(0, 1). Constructed for this project. */
export const ONE_DIMENSIONAL: GaussianModel = {
  prior: gaussianPriorFactor(1, 1),
  shards: [
    {
      exampleCount: 10,
      mean: Float64Array.of(-1),
      dataPrecision: Float64Array.of(1),
      dataCovariance: Float64Array.of(1),
    },
    {
      exampleCount: 30,
      mean: Float64Array.of(2),
      dataPrecision: Float64Array.of(4),
      dataCovariance: Float64Array.of(0.25),
    },
  ],
};

/**
 * The Gaussian-mean setting of El Mekkaoui et al. (UAI 2021): 10 shards of 200 draws from N(mu_s, I), mu_s uniform on
 * [-6, 6]^2, prior N(0, I). One draw of the data by `rng`.
 */
export function drawGaussianMeanSetting(rng: Rng): GaussianModel {
  const shards = Array.from({ length: 10 }, (_, s) => {
    const stream = rng.derive('shard', s);
    const centre = [12 * stream.uniform() - 6, 12 * stream.uniform() - 6] as const;
    const moments = momentsOfDraws(
      Array.from({ length: 200 }, () => Float64Array.from(stream.normal(2), (z, i) => z + centre[i]!)),
    );
    const covariance = moments.covariance.map((entry) => (entry * 199) / 200);
    return { exampleCount: 200, mean: moments.mean, dataPrecision: symmetric(1, 0, 1), dataCovariance: covariance };
  });
  return { prior: gaussianPriorFactor(2, 1), shards };
}

/**
 * 20 shards in 50 dimensions whose means are N(0, 25 I), so that they disagree by much more than their posterior is wide;
 * observations N(mu_s, I), prior N(0, I). After the toy problem of the code of Vono et al. (AISTATS 2022), which has 10 to
 * 199 observations a shard; here they are 60 to 249, so that every shard has a covariance of full rank.
 */
export function drawFiftyDimensions(rng: Rng): GaussianModel {
  const d = 50;
  const unit = identity(d, 1);
  const shards = Array.from({ length: 20 }, (_, s) => {
    const stream = rng.derive('shard', s);
    const exampleCount = 60 + stream.below(190);
    const centre = stream.normal(d);
    const moments = momentsOfDraws(
      Array.from({ length: exampleCount }, () => Float64Array.from(stream.normal(d), (z, i) => z + 5 * centre[i]!)),
    );
    const covariance = moments.covariance.map((entry) => (entry * (exampleCount - 1)) / exampleCount);
    return { exampleCount, mean: moments.mean, dataPrecision: unit, dataCovariance: covariance };
  });
  return { prior: gaussianPriorFactor(d, 1), shards };
}

/**
 * N_s observations, row by row, whose sample mean and covariance (divisor N_s) are exactly the shard's: normal draws,
 * whitened by their own moments. Needs more than d observations and the shard's `dataCovariance`.
 */
export function drawObservations(source: GaussianShard, rng: Rng): Float64Array {
  const { exampleCount, mean, dataCovariance } = source;
  const d = mean.length;
  if (!dataCovariance || exampleCount <= d)
    throw new RangeError(
      `observations of given moments need a covariance and more than ${d} of them, got ${exampleCount}`,
    );
  const draws = Array.from({ length: exampleCount }, () => Float64Array.from(rng.normal(d)));
  const found = momentsOfDraws(draws);
  const biased = found.covariance.map((entry) => (entry * (exampleCount - 1)) / exampleCount);
  // With L L^T the covariance found, L^-1 = L^T (L L^T)^-1 whitens the draws.
  const whiten = matrixProduct(transpose(cholesky(biased), d), symmetricInverse(biased), d);
  const colour = matrixProduct(cholesky(dataCovariance), whiten, d);
  const observations = new Float64Array(exampleCount * d);
  draws.forEach((draw, i) => {
    const moved = matrixVector(
      colour,
      draw.map((value, j) => value - found.mean[j]!),
    );
    for (let j = 0; j < d; j++) observations[i * d + j] = mean[j]! + moved[j]!;
  });
  return observations;
}
