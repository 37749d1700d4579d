import { expect } from 'chai';
import {
  categorical,
  dirichlet,
  exponential,
  fillNormal,
  gamma,
  laplace,
  logGammaDraw,
  logNormal,
  pareto,
  standardNormal,
  studentT,
  symmetricDirichlet,
  symmetricStable,
} from '../../../protocol/numerics/distributions.js';
import { rootStream } from '../../../protocol/numerics/random.js';

const COUNT = 40_000;

/** Sample mean of f(draw) must lie within 5 standard errors (estimated from the sample) of `expected`. */
function meanIs(label: string, draws: Float64Array, f: (x: number) => number, expected: number): void {
  let sum = 0;
  let squares = 0;
  for (const x of draws) {
    sum += f(x);
    squares += f(x) ** 2;
  }
  const mean = sum / draws.length;
  const standardError = Math.sqrt((squares / draws.length - mean * mean) / draws.length);
  expect(mean, label).to.be.closeTo(expected, 5 * standardError);
}

function sample(seed: number, draw: (rng: ReturnType<typeof rootStream>) => number): Float64Array {
  const rng = rootStream(seed, 'float32');
  return Float64Array.from({ length: COUNT }, () => draw(rng));
}

const second = (mean: number) => (x: number) => (x - mean) ** 2;

describe('protocol/numerics/distributions (40,000 draws each, 5 standard errors, fixed seeds)', () => {
  for (const shape of [0.05, 0.5, 1, 2.5, 30])
    it(`gamma(shape ${shape}, scale 3): mean ${3 * shape}, variance ${9 * shape} (seed 11)`, () => {
      const draws = sample(11, (rng) => gamma(rng, shape, 3));
      meanIs('mean', draws, (x) => x, 3 * shape);
      meanIs('variance', draws, second(3 * shape), 9 * shape);
    });

  it('log of gamma(0.001) is finite and has mean digamma(0.001) = -1000.5755719 (seed 12)', () => {
    const draws = sample(12, (rng) => logGammaDraw(rng, 0.001));
    for (const x of draws) expect(Number.isFinite(x)).to.equal(true);
    meanIs('mean of the log', draws, (x) => x, -1000.5755719318);
  });

  for (const alpha of [0.7, 1, 1.5, 2])
    it(`symmetric stable(${alpha}): E cos(t X) = exp(-t^${alpha}) at t = 0.5, 1, 2, E sin(t X) = 0 (seed 14)`, () => {
      const draws = sample(14, (rng) => symmetricStable(rng, alpha));
      for (const t of [0.5, 1, 2]) {
        meanIs(`cos ${t}`, draws, (x) => Math.cos(t * x), Math.exp(-(t ** alpha)));
        meanIs(`sin ${t}`, draws, (x) => Math.sin(t * x), 0);
      }
    });

  it('symmetric stable: alpha outside (0, 2] is refused', () => {
    for (const alpha of [0, -1, 2.1, Number.NaN])
      expect(() => symmetricStable(rootStream(1, 'float64'), alpha)).to.throw(RangeError, 'stable alpha');
  });

  it('student-t(7): mean 0, variance 7/5; |t(1)| has median 1 (seed 15)', () => {
    const draws = sample(15, (rng) => studentT(rng, 7));
    meanIs('mean', draws, (x) => x, 0);
    meanIs('variance', draws, second(0), 7 / 5);
    meanIs(
      'median of the Cauchy',
      sample(16, (rng) => studentT(rng, 1)),
      (x) => (Math.abs(x) < 1 ? 1 : 0),
      0.5,
    );
  });

  it('laplace(3): mean 0, E|x| = 3, variance 18 (seed 17)', () => {
    const draws = sample(17, (rng) => laplace(rng, 3));
    meanIs('mean', draws, (x) => x, 0);
    meanIs('mean size', draws, Math.abs, 3);
    meanIs('variance', draws, second(0), 18);
  });

  it('exponential(mean 4): mean 4, variance 16 (seed 18)', () => {
    const draws = sample(18, (rng) => exponential(rng, 4));
    meanIs('mean', draws, (x) => x, 4);
    meanIs('variance', draws, second(4), 16);
  });

  it('log-normal(1, 0.6): median e, mean exp(1.18) = 3.2544 (seed 19)', () => {
    const draws = sample(19, (rng) => logNormal(rng, 1, 0.6));
    meanIs('median', draws, (x) => (x < Math.E ? 1 : 0), 0.5);
    meanIs('mean', draws, (x) => x, Math.exp(1.18));
  });

  it('pareto(minimum 2, exponent 3): never below 2, mean 3, P(X > 4) = 1/8 (seed 20)', () => {
    const draws = sample(20, (rng) => pareto(rng, 2, 3));
    expect(Math.min(...draws.subarray(0, 10_000))).to.be.at.least(2);
    meanIs('mean', draws, (x) => x, 3);
    meanIs('tail', draws, (x) => (x > 4 ? 1 : 0), 1 / 8);
  });

  it('normals: standardNormal has moments 0, 1, 3; fillNormal(mean -2, stddev 3) has variance 9 (seed 21)', () => {
    const draws = sample(21, standardNormal);
    meanIs('mean', draws, (x) => x, 0);
    meanIs('variance', draws, second(0), 1);
    meanIs('fourth moment', draws, (x) => x ** 4, 3);
    const filled = new Float64Array(COUNT - 1);
    fillNormal(rootStream(22, 'float32'), filled, -2, 3);
    meanIs('filled mean', filled, (x) => x, -2);
    meanIs('filled variance', filled, second(-2), 9);
  });

  it('dirichlet(1, 2, 3): shares sum to 1, means 1/6, 1/3, 1/2, Var of the last = 1/28 (seed 23)', () => {
    const rng = rootStream(23, 'float64');
    const columns = [0, 1, 2].map(() => new Float64Array(COUNT));
    for (let i = 0; i < COUNT; i++) {
      const shares = dirichlet(rng, [1, 2, 3]);
      expect(shares[0]! + shares[1]! + shares[2]!).to.be.closeTo(1, 1e-15);
      for (let k = 0; k < 3; k++) columns[k]![i] = shares[k]!;
    }
    for (let k = 0; k < 3; k++) meanIs(`mean ${k}`, columns[k]!, (x) => x, (k + 1) / 6);
    meanIs('variance', columns[2]!, second(0.5), 1 / 28);
  });

  for (const [alpha, expected] of [
    [0.1, 0.55],
    [0.5, 0.25],
    [1, 2 / 11],
    [10, 11 / 101],
  ] as const)
    it(`symmetric dirichlet, K = 10, alpha ${alpha}: E sum p^2 = ${expected.toFixed(3)} (seed 24, 4,000 draws)`, () => {
      const rng = rootStream(24, 'float64');
      const squares = Float64Array.from({ length: 4000 }, () =>
        symmetricDirichlet(rng, alpha, 10).reduce((sum, p) => sum + p * p, 0),
      );
      meanIs('sum of squares', squares, (x) => x, expected);
    });

  it('symmetric dirichlet with alpha 1e-6 puts everything on one share and never gives NaN (seed 25, 200 draws)', () => {
    const rng = rootStream(25, 'float64');
    for (let i = 0; i < 200; i++) expect(Math.max(...symmetricDirichlet(rng, 1e-6, 10))).to.be.above(0.99);
  });

  it('categorical(1, 0, 3) draws 0 with probability 1/4 and never 1 (seed 26)', () => {
    const draws = sample(26, (rng) => categorical(rng, [1, 0, 3]));
    meanIs('share of 0', draws, (x) => (x === 0 ? 1 : 0), 0.25);
    expect(draws.includes(1)).to.equal(false);
  });

  it('parameters out of range are refused by name', () => {
    const rng = rootStream(27, 'float64');
    expect(() => gamma(rng, 0)).to.throw(RangeError, /gamma shape.*got 0/);
    expect(() => exponential(rng, -1)).to.throw(RangeError, /exponential mean/);
    expect(() => pareto(rng, 1, Number.NaN)).to.throw(RangeError, /pareto exponent/);
    expect(() => categorical(rng, [0, 0])).to.throw(RangeError, /categorical/);
  });
});
