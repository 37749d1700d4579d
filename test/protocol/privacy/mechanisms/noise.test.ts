import { randomFillSync } from 'node:crypto';
import { expect } from 'chai';
import { rootStream } from '../../../../protocol/numerics/random.js';
import { coinContinued, DiscreteGaussian } from '../../../../protocol/privacy/mechanisms/discrete-gaussian.js';
import { type NoiseSource, SeededNoise } from '../../../../protocol/privacy/mechanisms/noise-source.js';
import { RandomWords } from '../../../../protocol/privacy/mechanisms/random-words.js';
import { SecureNoise } from '../../../../protocol/privacy/mechanisms/secure-noise.js';
import {
  discreteGaussianMass,
  followsMass,
  hasStddev,
  hasZeroMean,
  isNormal,
  scaledCorrelation,
} from '../statistics.js';

const seeded = (seed: number, ...path: (string | number)[]): NoiseSource =>
  new SeededNoise(rootStream(seed, 'float32')).derive(...path);
const secure = () => new SecureNoise((bytes) => randomFillSync(bytes));
const STDDEVS = [0.5, 3, 40];
const COUNT = 40_000;

describe('protocol/privacy/noise-source', () => {
  for (const stddev of STDDEVS) {
    it(`gaussian(${stddev}): mean, chi-square and Kolmogorov-Smirnov at 1e-6 over 40,000 draws, seed 21`, () => {
      const draws = seeded(21, stddev).gaussian(COUNT, stddev);
      expect(hasZeroMean(draws, stddev)).to.equal(true);
      expect(hasStddev(draws, stddev)).to.equal(true);
      expect(isNormal(draws, stddev)).to.equal(true);
    });

    it(`planted: variance ${stddev} for stddev ${stddev}, 3 % too little noise, or a uniform of that variance fail`, () => {
      const draws = seeded(22, stddev).gaussian(COUNT, 1);
      expect(
        hasStddev(
          draws.map((x) => x * Math.sqrt(stddev)),
          stddev,
        ),
      ).to.equal(false);
      expect(
        hasStddev(
          draws.map((x) => 0.97 * stddev * x),
          stddev,
        ),
      ).to.equal(false);
      const words = new RandomWords((into) => rootStream(5, 'float64').words(into), COUNT * 2);
      const uniform = draws.map(() => Math.sqrt(12) * stddev * (words.uniform() - 0.5));
      expect(hasStddev(uniform, stddev) && isNormal(uniform, stddev)).to.equal(false);
    });

    it(`discreteGaussian(${stddev}) follows its mass function: chi-square at 1e-6 over 40,000 draws, seed 23`, () => {
      const draws = seeded(23, stddev).discreteGaussian(COUNT, stddev);
      expect(draws.every(Number.isInteger)).to.equal(true);
      const mass = discreteGaussianMass(stddev);
      expect(followsMass(draws, mass, Math.ceil(6 * stddev))).to.equal(true);
      // Planted: a rounded Gaussian, and a stddev 8 % off, are distinguished.
      const off = seeded(24, stddev).discreteGaussian(COUNT, stddev * 1.08);
      expect(followsMass(off, mass, Math.ceil(6 * stddev))).to.equal(false);
      if (stddev < 1) {
        const rounded = seeded(25)
          .gaussian(COUNT, stddev)
          .map((x) => Math.floor(x + 0.5));
        expect(followsMass(rounded, mass, 5)).to.equal(false);
      }
    });
  }

  it('discreteGaussian(0.05) is nearly always 0, and (10^6) has that stddev (chi-square at 1e-6, 20,000 draws, seed 26)', () => {
    expect(
      seeded(26)
        .discreteGaussian(2000, 0.05)
        .every((x) => x === 0),
    ).to.equal(true);
    const wide = seeded(26).discreteGaussian(20_000, 1e6 + 0.3);
    expect(hasStddev(wide, 1e6 + 0.3) && hasZeroMean(wide, 1e6) && isNormal(wide, 1e6)).to.equal(true);
  });

  it('the discrete sampler takes all-equal first words to exact integers and still ends', () => {
    // Words that repeat one value force ties between the uniform number and a probability's digits.
    for (const repeated of [0, 0x80000000, 0xffffffff]) {
      let calls = 0;
      const rest = rootStream(9, 'float64');
      const words = new RandomWords((into) => (calls++ < 50 ? into.fill(repeated) : rest.words(into)), 1);
      expect(Number.isInteger(new DiscreteGaussian(words, 3.3).draw())).to.equal(true);
    }
    expect(() => seeded(1).discreteGaussian(1, 0)).to.throw('ERR_PRIVACY: discrete Gaussian');
    expect(() => seeded(1).discreteGaussian(1, Number.NaN)).to.throw('ERR_PRIVACY');
  });

  it('a coin of probability 1/3 whose first words are 1/3 continues to the next digits, exactly and in doubles', () => {
    const THIRD = 0x55555555;
    const scripted = (...script: number[]) => new RandomWords((into) => into.fill(script.shift()!), 1);
    expect(coinContinued(scripted(THIRD, THIRD - 1), 1n, 3n, THIRD)).to.equal(true);
    expect(coinContinued(scripted(THIRD, THIRD + 1), 1n, 3n, THIRD)).to.equal(false);
    // 2/7 = 0.49249249... in base 2^12 and 0x49249249 24924924 92492492 in words of 32 bits.
    expect(coinContinued(scripted(0x24924923), 2n, 7n, 0x49249249)).to.equal(true);
    expect(coinContinued(scripted(0x24924924, 0x92492493), 2n, 7n, 0x49249249)).to.equal(false);
    // 1/2 is 0x80000000 and zeros: a uniform number that begins so is not below it.
    expect(coinContinued(scripted(), 1n, 2n, 0x80000000)).to.equal(false);
    expect(scripted(THIRD, 0x55000000).coin(1 / 3)).to.equal(true);
    expect(scripted(THIRD, 0x56000000).coin(1 / 3)).to.equal(false);
  });

  it('the discrete sampler refuses 1 of stddev 1.5 with probability 1/288: of the first words of 1/288 the next word decides', () => {
    // t = 2, gamma = (1 - 1.125)^2 / 4.5 = 1/288: words 14913080 and 3817748707.6 of 2^32. Offset 1, its coins, the sign come first.
    const ONE = [1, 1, 1, 0];
    const ZERO = [0, 1, 1, 0];
    const drawOf = (...coins: number[]) => {
      const script = [...ONE, ...coins, ...ZERO, 0xffffffff];
      return new DiscreteGaussian(new RandomWords((into) => into.fill(script.shift()!), 1), 1.5).draw();
    };
    expect(drawOf(14913081)).to.equal(1);
    expect(drawOf(14913080, 3817748708)).to.equal(1);
    // Refused at the first coin, not saved by the second of half its probability: the next candidate is 0.
    expect(drawOf(14913080, 3817748706, 0xffffffff)).to.equal(0);
    expect(drawOf(14913079, 0xffffffff)).to.equal(0);
  });

  it('coins: each index with its probability, independently; 0 and 1 are certain (20,000 coins, 5 sigma, seed 27)', () => {
    const n = 20_000;
    for (const p of [1e-3, 0.03, 0.5, 0.97]) {
      const chosen = seeded(27, p).coins(n, p);
      expect(Math.abs(chosen.length - n * p)).to.be.below(5 * Math.sqrt(n * p * (1 - p)));
      expect(chosen.every((index, i) => i === 0 || index > chosen[i - 1]!)).to.equal(true);
    }
    expect(seeded(27).coins(n, 0)).to.have.length(0);
    expect(seeded(27).coins(n, 1)).to.have.length(n);
  });

  it('below: uniform also above 2^32 (quarters of 3 2^50, 20,000 draws, 5 sigma, seed 28)', () => {
    const words = new RandomWords((into) => rootStream(28, 'float64').words(into), 50_000);
    const counts = [0, 0, 0, 0];
    for (let i = 0; i < 20_000; i++) counts[Math.floor((words.below(3 * 2 ** 50) / (3 * 2 ** 50)) * 4)]!++;
    for (const count of counts) expect(Math.abs(count - 5000)).to.be.below(5 * Math.sqrt(3750));
  });

  it('workers, rounds and coordinates are uncorrelated (40,000 draws each, 5 sigma, seed 29), and no sample repeats', () => {
    const streams = [0, 1, 2].flatMap((worker) =>
      [0, 1].map((round) => seeded(29, 'privacy', worker, round).gaussian(COUNT, 3)),
    );
    for (let i = 0; i < streams.length; i++)
      for (let j = 0; j < i; j++) expect(Math.abs(scaledCorrelation(streams[i]!, streams[j]!))).to.be.below(5);
    for (const stream of streams)
      for (const lag of [1, 2, 3])
        expect(Math.abs(scaledCorrelation(stream.subarray(lag), stream.subarray(0, -lag)))).to.be.below(5);
    const all = new Set(streams.flatMap((stream) => [...stream]));
    expect(all.size).to.equal(6 * COUNT);
  });

  it('planted: one seed for two workers repeats every sample, which the set of samples shows', () => {
    const streams = [0, 1].map(() => seeded(29, 'privacy', 0).gaussian(1000, 3));
    expect(new Set(streams.flatMap((stream) => [...stream])).size).to.equal(1000);
    expect(scaledCorrelation(streams[0]!, streams[1]!)).to.be.above(30);
  });

  it('seeded runs are equal and say they are not private; secure runs differ and have the stddev asked for', () => {
    expect(seeded(3, 'a').gaussian(5, 2)).to.deep.equal(seeded(3, 'a').gaussian(5, 2));
    expect(seeded(3).private).to.equal(false);
    const [first, second] = [secure(), secure()];
    expect(first.private).to.equal(true);
    expect(first.derive('same', 1).gaussian(5, 2)).to.not.deep.equal(second.derive('same', 1).gaussian(5, 2));
    // Not reproducible, so 12 standard errors wide.
    const draws = first.gaussian(COUNT, 3);
    const variance = draws.reduce((sum, x) => sum + x * x, 0) / COUNT;
    expect(variance).to.be.closeTo(9, 12 * 9 * Math.sqrt(2 / COUNT));
  });

  it('secure noise asks for 64 KiB at a time and wipes what it used', () => {
    const sizes: number[] = [];
    const kept: Uint8Array[] = [];
    const source = new SecureNoise((bytes) => {
      sizes.push(bytes.length);
      kept.push(bytes);
      randomFillSync(bytes);
    });
    source.gaussian(10_000, 1);
    expect(sizes).to.deep.equal([65_536, 65_536]);
    // 20,000 words were used: 3,616 of the second block are gone, the others wait.
    const used = 4 * (20_000 - 16_384);
    expect(kept[1]!.subarray(0, used).every((byte) => byte === 0)).to.equal(true);
    expect(kept[1]!.subarray(used).some((byte) => byte !== 0)).to.equal(true);
  });

  it('whole numbers below a bound take no word from which the low ones would be likelier', () => {
    const given = [2 ** 32 - 1, 5, 2 ** 32 - 2];
    const words = new RandomWords((into) => {
      into[0] = given.shift()!;
    }, 1);
    // 2^32 - 1 is a multiple of 3: the last word would make 0 likelier.
    expect(words.below(3)).to.equal(2);
    expect(words.below(3)).to.equal(2);
    expect(given).to.deep.equal([]);
  });
});
