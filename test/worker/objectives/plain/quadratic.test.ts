import { expect } from 'chai';
import type { Vector } from '../../../../protocol/method.js';
import { rootStream } from '../../../../protocol/numerics/random.js';
import { norm } from '../../../../protocol/numerics/vector.js';
import { type QuadraticFamily, quadratic } from '../../../../worker/objectives/plain/quadratic.js';
import type { QuadraticSettings } from '../../../../worker/objectives/plain/quadratic-settings.js';

function create(settings: Partial<QuadraticSettings>, clientCount = 3, seed = 1): QuadraticFamily {
  return quadratic.create(
    { ...quadratic.settings.defaults, ...settings },
    {
      objective: { name: 'quadratic' },
      dataset: null,
      clientCount,
      precision: 'float64',
      rng: rootStream(seed, 'float64'),
    },
  );
}

const everything = new Uint32Array(0);
const all = (count: number) => Uint32Array.from({ length: count }, (_, i) => i);

async function meanGradient(family: QuadraticFamily, params: Vector, clientCount: number): Promise<Float64Array> {
  const sum = new Float64Array(params.length);
  for (let client = 0; client < clientCount; client++) {
    const objective = family.shard(everything, client);
    const gradient = await objective.gradient(params, all(objective.exampleCount));
    for (let j = 0; j < sum.length; j++) sum[j]! += gradient[j]! / clientCount;
  }
  return sum;
}

describe('worker/objectives/quadratic', () => {
  it('given 2 clients with diagonals (1, 4) and (3, 4), centres (1, 0) and (5, 2): optimum (4, 1), excess by hand', async () => {
    const matrices = [
      [1, 4],
      [3, 4],
    ];
    const centres = [
      [1, 0],
      [5, 2],
    ];
    const family = create({ dimension: 2, matrices, centres }, 2);
    expect([...family.optimum]).to.deep.equal([4, 1]);
    // Mean curvature (2, 4); offset (2, -3): (2 * 4 + 4 * 9) / 2.
    expect(await family.evaluate([Float64Array.of(6, -2)])).to.deep.equal({ loss: 22, accuracy: null });
    expect([...(await family.shard(everything, 1).gradient(Float64Array.of(4, 1), all(1)))]).to.deep.equal([-3, -4]);
  });

  for (const curvature of ['diagonal', 'full'] as const)
    it(`${curvature}: the mean gradient vanishes at the optimum, and the excess is the difference of mean losses`, async () => {
      const family = create({ dimension: 7, curvature, largestEigenvalue: 50, examples: 4, exampleSpread: 2 });
      const x = rootStream(9, 'float64').normal(7);
      expect(norm(await meanGradient(family, family.optimum, 3))).to.be.below(1e-12);
      const meanLoss = async (at: Vector) => {
        let sum = 0;
        for (let client = 0; client < 3; client++) sum += await family.shard(everything, client).loss(at, all(4));
        return sum / 3;
      };
      const expected = (await meanLoss(x)) - (await meanLoss(family.optimum));
      expect((await family.evaluate([x])).loss).to.be.closeTo(expected, 1e-11 * expected);
      expect((await family.evaluate([family.optimum])).loss).to.equal(0);
    });

  it('full matrices are symmetric, keep the trace and the range of eigenvalues (Rayleigh quotients in [2, 30])', () => {
    const settings = { dimension: 6, smallestEigenvalue: 2, largestEigenvalue: 30 };
    const full = create({ ...settings, curvature: 'full' });
    const diagonal = create(settings);
    full.shards.forEach(({ curvature }, client) => {
      const eigenvalues = [...diagonal.shards[client]!.curvature].sort((a, b) => a - b);
      expect(eigenvalues[0]).to.equal(2);
      expect(eigenvalues[5]).to.equal(30);
      let trace = 0;
      for (let j = 0; j < 6; j++) trace += curvature[j * 6 + j]!;
      expect(trace).to.be.closeTo(
        eigenvalues.reduce((a, b) => a + b, 0),
        1e-11,
      );
      const v = rootStream(client, 'float64').normal(6);
      let quotient = 0;
      for (let j = 0; j < 6; j++)
        for (let k = 0; k < 6; k++) {
          expect(curvature[j * 6 + k]).to.equal(curvature[k * 6 + j]);
          quotient += v[j]! * curvature[j * 6 + k]! * v[k]!;
        }
      expect(quotient / norm(v) ** 2).to.be.within(2, 30);
    });
  });

  it('clients differ by seed and index, centre spread 3 gives mean square 9 +- 10 % (20 clients, dimension 100, seed 1)', () => {
    const family = create({ dimension: 100, centreSpread: 3 }, 20);
    let sum = 0;
    for (const { centres } of family.shards) sum += norm(centres) ** 2 / (20 * 100);
    expect(sum).to.be.within(8.1, 9.9);
    expect(family.shards[0]!.centres).to.not.deep.equal(family.shards[1]!.centres);
    expect(family.shards[0]!.curvature).to.not.deep.equal(family.shards[1]!.curvature);
    expect(create({}, 3, 2).shards[0]!.centres).to.not.deep.equal(create({}, 3, 1).shards[0]!.centres);
    expect(create({}, 3, 2).shards[2]!.centres).to.deep.equal(create({}, 5, 2).shards[2]!.centres);
    const same = create({ sameCurvature: true });
    expect(same.shards[0]!.curvature).to.deep.equal(same.shards[2]!.curvature);
  });

  it('examples scatter around the client centre with mean exactly there: the full batch has no noise', async () => {
    const noisy = create({ dimension: 4, examples: 5, exampleSpread: 3 });
    const clean = create({ dimension: 4 });
    const x = rootStream(9, 'float64').normal(4);
    const full = await noisy.shard(everything, 1).gradient(x, all(5));
    const expected = await clean.shard(everything, 1).gradient(x, all(1));
    for (let j = 0; j < 4; j++) expect(full[j]).to.be.closeTo(expected[j]!, 1e-13);
    const single = await noisy.shard(everything, 1).gradient(x, Uint32Array.of(2));
    expect(norm(single.map((value, j) => value - expected[j]!))).to.be.above(1);
  });

  it('says what it expected of given matrices and of a client index', () => {
    const parse = (matrix: readonly number[]) => () =>
      quadratic.settings.parse('objective', { dimension: 2, matrices: [matrix] });
    expect(parse([1, 2, 3, 4])).to.throw('objective.matrices.0: expected a symmetric matrix');
    expect(parse([1, 2, 3])).to.throw('objective.matrices.0: expected 2 (diagonal) or 4 numbers, got [1,2,3]');
    expect(() => create({ centres: [new Array<number>(10).fill(0)] })).to.throw(/one for each of the 3 clients/);
    expect(() => create({}).shard(everything, 3)).to.throw(/ERR_OBJECTIVE.*below 3, got 3/);
    expect(() =>
      create({
        dimension: 2,
        matrices: [
          [1, -1],
          [1, -1],
          [1, -1],
        ],
      }),
    ).to.throw(/not positive definite/);
  });
});
