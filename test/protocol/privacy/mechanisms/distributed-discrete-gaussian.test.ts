import { expect } from 'chai';
import { rootStream } from '../../../../protocol/numerics/random.js';
import { norm, squaredNorm, subtract } from '../../../../protocol/numerics/vector.js';
import {
  conditionalRounding,
  type DistributedDiscreteGaussian,
  decodeSum,
  distributedDiscreteGaussianRho,
  encodeClientVector,
  gridStepForBits,
  rotate,
  rotateBack,
  roundedNormBound,
  walshHadamard,
} from '../../../../protocol/privacy/mechanisms/distributed-discrete-gaussian.js';
import { SeededNoise } from '../../../../protocol/privacy/mechanisms/noise-source.js';
import { addResidues } from '../../../../protocol/privacy/secure-sum/secure-aggregation.js';
import { hasStddev, hasZeroMean } from '../statistics.js';

const shared = rootStream(81, 'float64');
const source = new SeededNoise(rootStream(82, 'float64'));
const vectorOf = (client: number, length: number) => {
  const raw = rootStream(83, 'float64').derive(client).normal(length);
  return Float64Array.from(raw, (x) => x / norm(raw));
};

function sumOf(mechanism: DistributedDiscreteGaussian, length: number): { got: Float64Array; expected: Float64Array } {
  const { clientCount, bits } = mechanism;
  const expected = new Float64Array(length);
  let residues: Uint32Array | undefined;
  for (let client = 0; client < clientCount; client++) {
    const value = vectorOf(client, length);
    value.forEach((x, i) => {
      expected[i]! += x;
    });
    const encoded = encodeClientVector(value, mechanism, shared, source.derive(client, mechanism.noiseStddev));
    residues = residues ? addResidues(residues, encoded, 1, bits) : encoded;
  }
  return { got: decodeSum(residues!, length, mechanism, shared), expected };
}

describe('protocol/privacy/distributed-discrete-gaussian', () => {
  it('rotation keeps lengths, spreads a single spike over all coordinates, and is undone exactly by itself', () => {
    const spike = new Float64Array(100);
    spike[17] = 8;
    const rotated = rotate(spike, shared);
    expect(rotated).to.have.length(128);
    expect(norm(rotated)).to.be.closeTo(8, 1e-12);
    expect(rotated.every((x) => Math.abs(Math.abs(x) - 8 / Math.sqrt(128)) < 1e-12)).to.equal(true);
    expect(norm(subtract(rotateBack(rotated, 100, shared), spike))).to.be.below(1e-13);
    // Planted: without the sign flips a constant vector would end in one coordinate, of 10.
    const constant = rotate(new Float64Array(128).fill(10 / Math.sqrt(128)), shared);
    expect(constant.every((x) => Math.abs(x) < 5)).to.equal(true);
    expect([...walshHadamard(Float64Array.of(1, 2, 3, 4))]).to.deep.equal([5, -1, -2, 0]);
  });

  it('without noise the sum comes back within n gamma a coordinate before rotation', () => {
    const mechanism = { clippingRadius: 1, gridStep: 1 / 256, noiseStddev: 0, clientCount: 12, bits: 20 };
    const { got, expected } = sumOf(mechanism, 50);
    // Orthogonal rotation: 64 coordinates, each off by at most n gamma.
    expect(norm(subtract(got, expected))).to.be.below((Math.sqrt(64) * 12) / 256);
    expect(norm(subtract(got, expected))).to.be.above(0);
  });

  it('with noise the sum has stddev sigma in every coordinate (10 clients, sigma 3, 4,000 coordinates, 1e-6)', () => {
    const mechanism = { clippingRadius: 1, gridStep: 1 / 64, noiseStddev: 3, clientCount: 10, bits: 24 };
    const { got, expected } = sumOf(mechanism, 4000);
    const noise = subtract(got, expected);
    expect(hasStddev(noise, 3) && hasZeroMean(noise, 3)).to.equal(true);
    // Planted: shares of sigma / n instead of sigma / sqrt(n), or the whole noise from each client.
    for (const wrong of [3 / Math.sqrt(10), 3 * Math.sqrt(10)]) expect(hasStddev(noise, wrong)).to.equal(false);
  });

  it('a client cannot exceed its bound: 100 times the radius, NaN and zero encode to at most the rounded norm', () => {
    const mechanism = { clippingRadius: 1, gridStep: 1 / 16, noiseStddev: 0, clientCount: 1, bits: 16 };
    const bound = roundedNormBound(1, 1 / 16, 64) * (1 + 1e-9);
    const large = vectorOf(0, 64).map((x) => 100 * x);
    for (const value of [large, new Float64Array(64), new Float64Array(64).fill(Number.NaN)]) {
      for (let i = 0; i < 20; i++) {
        const sum = decodeSum(
          encodeClientVector(value, mechanism, shared, source.derive('bound', i)),
          64,
          mechanism,
          shared,
        );
        expect(norm(sum)).to.be.at.most(bound);
      }
    }
    // The certain bound is 1 + sqrt(64) / 16 = 1.5; the conditional one is smaller.
    expect(bound).to.be.below(1.5);
    expect(roundedNormBound(1, 1 / 16, 64)).to.be.closeTo(Math.sqrt(1 + 64 / 1024 + (1 + 0.25) / 16), 1e-12);
  });

  it('rounding is unbiased: mean of 0.3 over 20,000 coordinates within 5 sigma, seed 84', () => {
    const rounded = conditionalRounding(
      new Float64Array(20_000).fill(0.3),
      1e9,
      new SeededNoise(rootStream(84, 'float64')),
    );
    const mean = rounded.reduce((sum, x) => sum + x, 0) / 20_000;
    expect(Math.abs(mean - 0.3)).to.be.below(5 * Math.sqrt(0.21 / 20_000));
    expect(() => conditionalRounding(Float64Array.of(5), 1, source)).to.throw('ERR_PRIVACY');
  });

  it('the grid step for 12 bits wraps less often than asked (1 % of 40,960 coordinates), and 5 bits fewer would wrap', () => {
    const base = { clippingRadius: 1, noiseStddev: 2, clientCount: 10, bits: 12 };
    const gridStep = gridStepForBits(base, 4096, 0.01);
    const wraps = (bits: number) => {
      let count = 0;
      for (let repeat = 0; repeat < 10; repeat++) {
        const noise = source.derive('wrap', repeat).discreteGaussian(4096, 2 / gridStep);
        for (const x of noise) if (Math.abs(x) >= 2 ** (bits - 1)) count++;
      }
      return count;
    };
    expect(wraps(12)).to.be.below(0.01 * 40_960 * 1.3);
    expect(wraps(12)).to.be.above(0.01 * 40_960 * 0.5);
    expect(wraps(7)).to.be.above(20_000);
    expect(() => gridStepForBits({ ...base, bits: 2 }, 4096)).to.throw(/ERR_PRIVACY.*too few/);
  });

  it('rho is that of a Gaussian of the rounded sensitivity when the grid is fine, and grows when noise shares are coarse', () => {
    const fine = { clippingRadius: 1, gridStep: 2 ** -20, noiseStddev: 4, clientCount: 100, bits: 32 };
    expect(distributedDiscreteGaussianRho(fine, 64)).to.be.closeTo(1 / 32, 1e-6);
    const coarse = { ...fine, gridStep: 1 };
    expect(distributedDiscreteGaussianRho(coarse, 64)).to.be.above(10 * (roundedNormBound(1, 1, 64) ** 2 / 32));
    expect(distributedDiscreteGaussianRho({ ...fine, noiseStddev: 0 }, 64)).to.equal(Number.POSITIVE_INFINITY);
    expect(squaredNorm(vectorOf(1, 5))).to.be.closeTo(1, 1e-12);
  });

  it('rho by hand, of two clients with noise 1 each on the integers: tau is 10 e^(-pi^2), of three 10 (e^(-pi^2) + e^(-4 pi^2 / 3))', () => {
    const mechanism = { clippingRadius: 2, gridStep: 1, bits: 16 };
    const one = Math.exp(-(Math.PI ** 2));
    for (const [clientCount, tau] of [
      [2, 10 * one],
      [3, 10 * (one + Math.exp((-4 / 3) * Math.PI ** 2))],
    ] as const) {
      const ratio = roundedNormBound(2, 1, 1024) / Math.sqrt(clientCount);
      const epsilon = Math.min(Math.sqrt(ratio ** 2 + (1024 * tau) / 2), ratio + 32 * tau);
      const rho = distributedDiscreteGaussianRho(
        { ...mechanism, clientCount, noiseStddev: Math.sqrt(clientCount) },
        1024,
      );
      expect(rho / (epsilon ** 2 / 2)).to.be.closeTo(1, 1e-12);
      // What tau adds is seen: it would not be with a tenth of it.
      expect(rho / (ratio ** 2 / 2)).to.be.above(1.001);
    }
  });

  it('tau covers how far the sum of two discrete Gaussians is from one: 2 e^(-pi^2 s^2) by convolution, which 1 instead of 10 would not', () => {
    for (const s of [0.4, 0.5, 0.6, 0.8]) {
      const reach = 40;
      const mass = (x: number, variance: number) => Math.exp((-x * x) / (2 * variance));
      const total = (variance: number) => {
        let sum = 0;
        for (let x = -reach; x <= reach; x++) sum += mass(x, variance);
        return sum;
      };
      const [single, double] = [total(s * s), total(2 * s * s)];
      let furthest = 0;
      for (let x = -3; x <= 3; x++) {
        let sum = 0;
        for (let y = -reach; y <= reach; y++) sum += mass(y, s * s) * mass(x - y, s * s);
        furthest = Math.max(furthest, Math.abs(Math.log(sum / single ** 2 / (mass(x, 2 * s * s) / double))));
      }
      // The tau of which min{ sqrt(ratio^2 + tau d / 2), ratio + tau sqrt d } is the epsilon that was accounted.
      const mechanism = { clippingRadius: 1, gridStep: 1, noiseStddev: s * Math.SQRT2, clientCount: 2, bits: 16 };
      const ratio = roundedNormBound(1, 1, 1024) / mechanism.noiseStddev;
      const epsilon = Math.sqrt(2 * distributedDiscreteGaussianRho(mechanism, 1024));
      const tau = Math.max((epsilon - ratio) / 32, (epsilon ** 2 - ratio ** 2) / 512);
      expect(furthest, `noise ${s}`).to.be.above(Math.exp(-((Math.PI * s) ** 2)));
      expect(tau, `noise ${s}`).to.be.above(furthest);
    }
  });
});
