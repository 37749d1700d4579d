import { expect } from 'chai';
import type { Precision, Vector } from '../../../../protocol/method.js';
import { rootStream } from '../../../../protocol/numerics/random.js';
import { zeros } from '../../../../protocol/numerics/vector.js';
import { syntheticDataset } from '../../../../scenarios/check/parts/synthetic-dataset.js';
import { openRowLoops, useRowSimd } from '../../../../worker/objectives/log-posterior/simd/row-loops.js';
import { createObjectiveFamily } from '../../../../worker/objectives/objectives.js';

const EXAMPLES = 600;
/** Every remainder of four rows, and more than one block. */
const BATCHES = [0, 1, 2, 3, 4, 5, 7, 32, 256, 257, 599];

/** Numbers that would show differences of rounding, cancellation and overflow. */
const PARAMETERS: Readonly<Record<string, (j: number, normal: number) => number>> = {
  random: (_, normal) => 0.3 * normal,
  'ill-conditioned': (j, normal) => normal * 10 ** ((j % 13) * 3 - 18),
  zero: (j) => (j % 2 === 0 ? 0 : -0),
  infinite: (j, normal) => (j % 11 === 4 ? Number.POSITIVE_INFINITY : normal),
};

const SUBJECTS = [
  ['bayesian-logistic-regression', 2],
  ['bayesian-linear-regression', 0],
] as const;

describe('worker/objectives/log-posterior/simd', () => {
  after(() => useRowSimd(true));

  it('is open', () => {
    useRowSimd(true);
    expect(openRowLoops(3, 8)).not.to.equal(null);
  });

  for (const [name, classCount] of SUBJECTS)
    for (const intercept of [true, false])
      for (const features of [9, 24])
        it(`${name}, ${features} features, intercept ${intercept}: losses and gradients have the bits of the plain loops`, async () => {
          const dataset = syntheticDataset({ featureShape: [features], classCount, trainCount: EXAMPLES });
          const shardOf = async (simd: boolean, precision: Precision) => {
            useRowSimd(simd);
            const rng = rootStream(1, precision);
            const objective = { name, intercept };
            const family = await createObjectiveFamily({ objective, dataset, precision, clientCount: 1, rng });
            return family.shard(Uint32Array.from({ length: EXAMPLES }, (_, i) => (i * 7) % EXAMPLES));
          };
          for (const precision of ['float32', 'float64'] as const) {
            const [plain, fast] = [await shardOf(false, precision), await shardOf(true, precision)];
            const width = features + (intercept ? 1 : 0);
            const normals = rootStream(5, 'float64').normal(width);
            for (const [kind, scale] of Object.entries(PARAMETERS)) {
              const params: Vector = zeros(width, precision);
              for (let j = 0; j < width; j++) params[j] = scale(j, normals[j]!);
              for (const length of BATCHES) {
                const batch = Uint32Array.from({ length }, (_, i) => (i * 11 + 3) % EXAMPLES);
                const what = `${kind}, batch of ${length}, ${precision}`;
                expect(fast.loss(params, batch), what).to.deep.equal(plain.loss(params, batch));
                expect(fast.gradient(params, batch), what).to.deep.equal(plain.gradient(params, batch));
              }
            }
          }
        });

  for (const [dimension, clientCount] of [
    [9, 2],
    [24, 2],
    // More rows than a block has.
    [260, 1],
  ] as const)
    it(`quadratic with full matrices of dimension ${dimension}: the same`, async () => {
      const familyOf = (simd: boolean, precision: Precision) => {
        useRowSimd(simd);
        const rng = rootStream(1, precision);
        const objective = { name: 'quadratic', dimension, curvature: 'full', examples: 5, exampleSpread: 1 };
        return createObjectiveFamily({ objective, dataset: null, precision, clientCount, rng });
      };
      for (const precision of ['float32', 'float64'] as const) {
        const families = [await familyOf(false, precision), await familyOf(true, precision)];
        for (let client = 0; client < clientCount; client++) {
          const shards = families.map((family) => family.shard(new Uint32Array(0), client));
          const normals = rootStream(5, 'float64').normal(dimension);
          for (const [kind, scale] of Object.entries(PARAMETERS)) {
            const [params, previous] = [zeros(dimension, precision), zeros(dimension, precision)];
            for (let j = 0; j < dimension; j++) params[j] = scale(j, normals[j]!);
            for (const batch of [[], [2], [0, 1, 2, 3, 4]].map((list) => Uint32Array.from(list))) {
              const what = `${kind}, batch of ${batch.length}, ${precision}`;
              const results = shards.map((shard) => [
                shard.loss(params, batch),
                shard.gradient(params, batch),
                shard.clippedGradientSum(params, batch, 0.5),
                shard.clippedDifferenceSum(params, previous, batch, 0.5),
              ]);
              expect(results[1], what).to.deep.equal(results[0]);
            }
          }
        }
      }
    });
});
