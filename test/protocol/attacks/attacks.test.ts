import { expect } from 'chai';
import { meanOf } from '../../../protocol/aggregators/parts/mean.js';
import type { AttackerSight } from '../../../protocol/attacks/attack.js';
import { largestHidden } from '../../../protocol/attacks/little-is-enough.js';
import { rootStream } from '../../../protocol/numerics/random.js';
import { squaredDistance } from '../../../protocol/numerics/vector.js';
import {
  adaptive,
  gaussian,
  innerProduct,
  littleIsEnough,
  median,
  mimic,
  replay,
  scaling,
  signFlip,
} from '../../support/robust-rules.js';

const vector = (...entries: readonly number[]) => Float64Array.from(entries);

/** Honest mean (2, 10), standard deviation (1, 4) with divisor n - 1. */
const SIGHT: AttackerSight = {
  honest: [vector(1, 6), vector(2, 10), vector(3, 14)],
  own: [vector(5, -5), vector(7, 1)],
  previous: [vector(9, 9), null],
  aggregate: meanOf,
  rng: rootStream(3, 'float64'),
};

const rows = (vectors: readonly ArrayLike<number>[]) => vectors.map((each) => Array.from(each));

describe('attacks of Byzantine clients', () => {
  it('sign flip and scaling change what the attacker has itself', () => {
    expect(rows(signFlip({ scale: 2 }).forge(SIGHT))).to.deep.equal([
      [-10, 10],
      [-14, -2],
    ]);
    expect(rows(scaling({ factor: 100 }).forge(SIGHT))).to.deep.equal([
      [500, -500],
      [700, 100],
    ]);
  });

  it('inner-product manipulation sends -tau mu: with tau = 3 and f = 2 of n = 5 the plain mean turns round', () => {
    const forged = innerProduct({ strength: 3 }).forge(SIGHT);
    expect(rows(forged)).to.deep.equal([
      [-6, -30],
      [-6, -30],
    ]);
    // (3 mu - 2 tau mu) / 5 = -0.6 mu; at tau = (n - f) / f = 1.5 it is 0.
    expect(Array.from(meanOf([...SIGHT.honest, ...forged]), (entry) => entry.toFixed(12))).to.deep.equal([
      '-1.200000000000',
      '-6.000000000000',
    ]);
    const edge = meanOf([...SIGHT.honest, ...innerProduct({ strength: 1.5 }).forge(SIGHT)]);
    for (const entry of edge) expect(entry).to.be.closeTo(0, 1e-12);
  });

  it('a little is enough sends mu - tau sigma', () => {
    expect(rows(littleIsEnough({ strength: 1.5 }).forge(SIGHT))).to.deep.equal([
      [0.5, 4],
      [0.5, 4],
    ]);
  });

  it('z_max: 0.253347 for 20 and 5, 0.336038 for 50 and 12, and exactly no attack for 10 and 2', () => {
    expect(largestHidden(20, 5)).to.be.closeTo(0.253347, 1e-6);
    expect(largestHidden(50, 12)).to.be.closeTo(0.336038, 1e-6);
    expect(largestHidden(25, 5)).to.be.closeTo(0.253347, 1e-6);
    expect(largestHidden(10, 2)).to.be.closeTo(0, 1e-12);
    // Of a majority nothing bounds it: the vectors were NaN.
    expect(() => largestHidden(4, 3)).to.throw(
      /ERR_SCENARIO.*at most half of 4 senders as attackers, or a 'strength', got 3/,
    );
  });

  it('Gaussian vectors differ between attackers and have the mean and spread asked for (2 x 20,000 draws, seed 3)', () => {
    const wide = (value: number) => new Float64Array(20_000).fill(value);
    const sight = { ...SIGHT, honest: [wide(2), wide(4)], own: [wide(0), wide(0)] };
    const [one, other] = gaussian({ stddev: 10, around: 'honest' }).forge(sight);
    expect([...one!.subarray(0, 3)]).to.not.deep.equal([...other!.subarray(0, 3)]);
    for (const forged of [one!, other!]) {
      const draws = Array.from(forged);
      const mean = draws.reduce((a, b) => a + b) / draws.length;
      const variance = draws.reduce((sum, entry) => sum + (entry - mean) ** 2, 0) / (forged.length - 1);
      // Five standard errors: 5 * 10 / sqrt(20000) and 5 * 100 * sqrt(2 / 20000).
      expect(mean).to.be.closeTo(3, 0.36);
      expect(variance).to.be.closeTo(100, 5);
    }
    const around0 = gaussian({ stddev: 0, around: 'zero' }).forge(sight);
    expect(around0[0]!.every((entry) => entry === 0)).to.equal(true);
  });

  it('mimic copies one honest vector, replay the attacker’s own of the round before', () => {
    expect(rows(mimic({ victim: 1 }).forge(SIGHT))).to.deep.equal([
      [2, 10],
      [2, 10],
    ]);
    expect(rows(mimic({ victim: 7 }).forge(SIGHT)), 'the last where there are fewer').to.deep.equal([
      [3, 14],
      [3, 14],
    ]);
    expect(rows(replay().forge(SIGHT))).to.deep.equal([
      [9, 9],
      [7, 1],
    ]);
  });

  it('the adaptive attack moves the median farther than any of 0.25, 0.5, 1, 1.5 and 3 times sigma', () => {
    const honest = Array.from({ length: 8 }, (_, i) => Float64Array.from(rootStream(5, 'float64').derive(i).normal(4)));
    const rule = median();
    const aggregate = (all: readonly Float64Array[]) =>
      rule.combine(all, { permutation: () => new Uint32Array(0), previous: null, own: null });
    const sight = { ...SIGHT, honest, own: [honest[0]!, honest[1]!], aggregate } as AttackerSight;
    const harm = (forged: readonly ArrayLike<number>[]) =>
      squaredDistance(aggregate([...honest, ...(forged as Float64Array[])]), meanOf(honest));
    const found = harm(adaptive({ along: 'little-is-enough' }).forge(sight));
    for (const strength of [0.25, 0.5, 1, 1.5, 3])
      expect(found, `${strength}`).to.be.at.least(harm(littleIsEnough({ strength }).forge(sight)) - 1e-12);
    expect(found).to.be.above(harm([honest[0]!, honest[1]!]) * 1.01);
  });

  it('the adaptive attack takes no strength that gains nothing: an aggregate that ignores it gets the honest mean', () => {
    const sight = { ...SIGHT, aggregate: () => vector(0, 0) };
    for (const along of ['little-is-enough', 'inner-product'])
      expect(rows(adaptive({ along }).forge(sight)), along).to.deep.equal(
        along === 'little-is-enough'
          ? [
              [2, 10],
              [2, 10],
            ]
          : [
              [0, 0],
              [0, 0],
            ],
      );
  });

  it('leaves the vectors that it sees as they are', () => {
    const before = rows([...SIGHT.honest, ...SIGHT.own]);
    for (const attack of [
      signFlip({ scale: 1 }),
      innerProduct({ strength: 2 }),
      littleIsEnough({ strength: null }),
      mimic({ victim: 0 }),
      replay(),
      adaptive({ along: 'inner-product' }),
    ])
      for (const forged of attack.forge(SIGHT)) forged.fill(77);
    expect(rows([...SIGHT.honest, ...SIGHT.own])).to.deep.equal(before);
  });
});
