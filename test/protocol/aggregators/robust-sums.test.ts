import { expect } from 'chai';
import type { AggregationStep, Aggregator } from '../../../protocol/aggregators/aggregator.js';
import { squaredDistances } from '../../../protocol/aggregators/parts/distances.js';
import { krumScores } from '../../../protocol/aggregators/parts/krum-scores.js';
import { meanOf } from '../../../protocol/aggregators/parts/mean.js';
import { rootStream } from '../../../protocol/numerics/random.js';
import {
  bucketing,
  bulyan,
  centeredClipping,
  covarianceFilter,
  geometricMedian,
  krum,
  meamed,
  median,
  minimumDiameter,
  multiKrum,
  nearestNeighborMixing,
  normBounding,
  trimmedMean,
} from '../../support/robust-rules.js';

const root = (seed: number) => rootStream(seed, 'float64');

const step: AggregationStep = { permutation: (length) => root(1).permutation(length), previous: null, own: null };
const vectors = (...rows: readonly (readonly number[])[]) => rows.map((row) => Float64Array.from(row));

/** Six vectors near (1, 2) and one far away; n = 7, f = 1. */
const FIXTURE = vectors([1, 2], [1.2, 1.8], [0.9, 2.1], [1.1, 2.2], [0.8, 1.9], [1.05, 1.95], [10, -10]);

const RULES: Readonly<Record<string, (byzantine: number) => Aggregator>> = {
  median: () => median(),
  'trimmed-mean': (byzantine) => trimmedMean({ byzantine }),
  meamed: (byzantine) => meamed({ byzantine }),
  krum: (byzantine) => krum({ byzantine }),
  'multi-krum': (byzantine) => multiKrum({ byzantine, selected: null }),
  bulyan: (byzantine) => bulyan({ byzantine }),
  'geometric-median': () => geometricMedian({ smoothing: 1e-6, iterations: 2000 }),
  'minimum-diameter': (byzantine) => minimumDiameter({ byzantine }),
  'covariance-filter': (byzantine) => covarianceFilter({ byzantine }),
};

/**
 * Ties are the rule here, and the first wins them: sets with the same farthest pair have the same diameter, and of two vectors that
 * are each other's nearest one neighbour gives both the same score.
 */
const TIED = new Set(['minimum-diameter', 'bulyan']);

const near = (got: ArrayLike<number>, expected: readonly number[], tolerance: number) => {
  expect(got.length).to.equal(expected.length);
  for (const [i, value] of expected.entries()) expect(got[i]!).to.be.closeTo(value, tolerance);
};

describe('robust sums', () => {
  it('median and trimmed mean of the fixture are (1.05, 1.95)', () => {
    near(median().combine(FIXTURE, step), [1.05, 1.95], 1e-15);
    near(trimmedMean({ byzantine: 3 }).combine(FIXTURE, step), [1.05, 1.95], 1e-15);
    // f = 1: the five middle values of each coordinate, 0.9 1 1.05 1.1 1.2 and 1.8 1.9 1.95 2 2.1.
    near(trimmedMean({ byzantine: 1 }).combine(FIXTURE, step), [1.05, 1.95], 1e-15);
  });

  it('Krum counts n - f - 2 = 2 neighbours of five: one of three near each other, not of a closer pair', () => {
    const five = vectors([0], [0.1], [5], [5.5], [6]);
    expect(Array.from(krum({ byzantine: 1 }).combine(five, step))).to.deep.equal([5.5]);
  });

  it('Krum scores of the fixture with n - f - 2 neighbours, of which (1, 2) has the least', () => {
    const all = [0, 1, 2, 3, 4, 5, 6];
    const scores = krumScores(squaredDistances(FIXTURE), 7, all, 4);
    near(scores, [0.125, 0.465, 0.165, 0.335, 0.335, 0.16, 890.835], 1e-9);
    near(krum({ byzantine: 1 }).combine(FIXTURE, step), [1, 2], 0);
  });

  it('Multi-Krum of the fixture is the mean of the six near ones, Bulyan picks 0, 2, 5, 1, 3', () => {
    near(multiKrum({ byzantine: 1, selected: 6 }).combine(FIXTURE, step), [6.05 / 6, 11.95 / 6], 1e-12);
    near(bulyan({ byzantine: 1 }).combine(FIXTURE, step), [1.05, 2.0166666666666666], 1e-12);
  });

  it('geometric median: three smoothed steps from 0, and converged', () => {
    near(geometricMedian({ smoothing: 0.1, iterations: 3 }).combine(FIXTURE, step), [1.05687078, 1.93598444], 1e-8);
    near(geometricMedian({ smoothing: 1e-9, iterations: 3000 }).combine(FIXTURE, step), [1.03383221, 1.96362805], 1e-7);
  });

  it('centred clipping continues from what it returned before', () => {
    const rule = centeredClipping({ radius: 1, iterations: 1 });
    const first = rule.combine(FIXTURE, step);
    near(first, [0.4874729, 0.6621499], 1e-7);
    const second = rule.combine(FIXTURE, { ...step, previous: first });
    near(second, [0.8939144, 1.3494898], 1e-7);
    near(centeredClipping({ radius: 1, iterations: 3 }).combine(FIXTURE, step), [1.0813884, 1.7885014], 1e-7);
  });

  it('minimum diameter and the covariance filter leave the far vector of the fixture out', () => {
    const honest = meanOf(FIXTURE.slice(0, 6));
    near(minimumDiameter({ byzantine: 1 }).combine(FIXTURE, step), [...honest], 1e-15);
    // The filter's weights are soft: the near ones lose a little as well.
    near(covarianceFilter({ byzantine: 1 }).combine(FIXTURE, step), [...honest], 1e-3);
  });

  it('minimum diameter equals a search over all subsets (50 random sets of 7, f = 2, seed 4)', () => {
    for (let trial = 0; trial < 50; trial++) {
      const rng = root(4).derive(trial);
      const set = Array.from({ length: 7 }, (_, i) => Float64Array.from(rng.derive('v', i).normal(3)));
      const distances = squaredDistances(set);
      let least = Number.POSITIVE_INFINITY;
      let best: number[] = [];
      for (let mask = 0; mask < 128; mask++) {
        const members = [0, 1, 2, 3, 4, 5, 6].filter((i) => mask & (1 << i));
        if (members.length !== 5) continue;
        const diameter = Math.max(...members.flatMap((i) => members.map((j) => distances[i * 7 + j]!)));
        if (diameter < least) [least, best] = [diameter, members];
      }
      near(minimumDiameter({ byzantine: 2 }).combine(set, step), [...meanOf(best.map((i) => set[i]!))], 1e-12);
    }
  });

  for (const [name, make] of Object.entries(RULES)) {
    it(`${name}: equal vectors come back, ${TIED.has(name) ? '' : 'any order gives the same, '}a shift moves the result`, () => {
      const same = Array.from({ length: 11 }, () => Float64Array.of(3, -1, 2));
      near(make(2).combine(same, step), [3, -1, 2], 1e-9);
      for (let trial = 0; trial < 40; trial++) {
        const rng = root(11).derive(name, trial);
        const set = Array.from({ length: 11 }, (_, i) => Float64Array.from(rng.derive('v', i).normal(3)));
        const plain = make(2).combine(set, step);
        const shuffled = Array.from(rng.permutation(11), (i) => set[i]!);
        if (!TIED.has(name)) near(make(2).combine(shuffled, step), [...plain], 1e-9);
      }
      const shift = make(2).combine(FIXTURE_11, step);
      const moved = make(2).combine(
        FIXTURE_11.map((vector) => vector.map((entry) => entry + 5)),
        step,
      );
      near(
        moved,
        Array.from(shift, (entry) => entry + 5),
        1e-5,
      );
    });

    it(`${name}: two of eleven vectors cannot move it far, three of eleven at 1e6 move the mean by 2.7e5`, () => {
      const honest = FIXTURE_11.slice(0, 9);
      for (const size of [10, 1e3, 1e6]) {
        const attacked = [...honest, Float64Array.of(size, size, size), Float64Array.of(size, -size, size)];
        const result = make(2).combine(attacked, step);
        for (const entry of result) expect(Math.abs(entry)).to.be.below(4);
        expect(Math.abs(meanOf(attacked)[0]!)).to.be.above(size / 11);
      }
    });

    it(`${name}: keeps float32 and the vectors that came`, () => {
      const set = FIXTURE_11.map((vector) => Float32Array.from(vector));
      const before = set.map((vector) => [...vector]);
      expect(make(2).combine(set, step)).to.be.instanceOf(Float32Array);
      expect(set.map((vector) => [...vector])).to.deep.equal(before);
    });
  }

  it('with f = 0 trimmed mean, Multi-Krum, minimum diameter, meamed, Bulyan and the filter are the mean', () => {
    const mean = [...meanOf(FIXTURE)];
    for (const name of ['trimmed-mean', 'multi-krum', 'minimum-diameter', 'meamed', 'bulyan', 'covariance-filter'])
      near(RULES[name]!(0).combine(FIXTURE, step), mean, 1e-12);
    near(centeredClipping({ radius: 1e9, iterations: 1 }).combine(FIXTURE, step), mean, 1e-12);
    near(meanOf(normBounding({ radius: 1e9 }).prepare(FIXTURE, step)), mean, 1e-12);
    near(bucketing({ size: 7 }).prepare(FIXTURE, step)[0]!, mean, 1e-12);
  });

  it('the median of an odd n is the trimmed mean with f = (n - 1) / 2', () => {
    near(trimmedMean({ byzantine: 5 }).combine(FIXTURE_11, step), [...median().combine(FIXTURE_11, step)], 0);
  });

  it('bucketing averages every vector once, a last short bucket over its own size', () => {
    const set = vectors([1], [2], [4], [8], [16]);
    const buckets = bucketing({ size: 2 }).prepare(set, { ...step, permutation: () => Uint32Array.of(4, 0, 3, 1, 2) });
    expect(buckets.map(([value]) => value)).to.deep.equal([8.5, 5, 4]);
  });

  it('nearest-neighbour mixing: each vector becomes the mean of its n - f nearest, itself among them', () => {
    const mixed = nearestNeighborMixing({ byzantine: 1 }).prepare(vectors([0], [1], [3], [100]), step);
    expect(mixed.map(([value]) => value)).to.deep.equal([4 / 3, 4 / 3, 4 / 3, 104 / 3]);
  });

  it('norm bounding shortens what is longer than c and keeps directions', () => {
    const [short, long] = normBounding({ radius: 5 }).prepare(vectors([3, 4], [30, 40]), step);
    expect([...short!]).to.deep.equal([3, 4]);
    near(long!, [3, 4], 1e-15);
  });

  it('too few vectors are refused with the number that the rule needs', () => {
    expect(() => krum({ byzantine: 2 }).combine(FIXTURE.slice(0, 6), step)).to.throw(
      'ERR_QUORUM: krum: expected at least 7 vectors (2 f + 3), got 6',
    );
    expect(() => bulyan({ byzantine: 2 }).combine(FIXTURE, step)).to.throw('expected at least 11 vectors (4 f + 3)');
  });
});

/** Eleven vectors of three numbers around the origin, at most 2 from it. */
const FIXTURE_11 = Array.from({ length: 11 }, (_, i) =>
  Float64Array.from(root(9).derive(i).normal(3), (entry) => Math.max(-1.1, Math.min(1.1, entry))),
);
