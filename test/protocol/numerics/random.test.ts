import { expect } from 'chai';
import { cosineOfTurns, exp, log, sineOfTurns, tanh } from '../../../protocol/numerics/elementary.js';
import { drawFactors, rootStream, threefryBlock } from '../../../protocol/numerics/random.js';
import { useWordSimd } from '../../../protocol/numerics/simd/word-blocks.js';

describe('protocol/numerics/random', () => {
  it('threefry-2x32-20 gives the three published known answers', () => {
    const hex = (pair: readonly [number, number]) => pair.map((word) => word.toString(16).padStart(8, '0')).join(' ');
    expect(hex(threefryBlock([0, 0], [0, 0]))).to.equal('6b200159 99ba4efe');
    expect(hex(threefryBlock([-1, -1], [-1, -1]))).to.equal('1cb996fc bb002be7');
    expect(hex(threefryBlock([0x13198a2e, 0x03707344], [0x243f6a88, 0x85a308d3]))).to.equal('c4923a9c 483df7a0');
  });

  it('a derived stream depends on its path alone, not on what its parent drew', () => {
    const parent = rootStream(7, 'float64');
    const before = parent.derive('a', 3).uniform();
    parent.normal(11);
    expect(parent.derive('a', 3).uniform()).to.equal(before);
    expect(parent.derive('a').derive(3).uniform()).to.not.equal(parent.derive('a', 4).uniform());
  });

  it('words are the same with SIMD and without, and so is what follows them in the stream', () => {
    const drawn = (length: number, isSimd: boolean) => {
      useWordSimd(isSimd);
      const rng = rootStream(2 ** 40 + 7, 'float32').derive('mask', length);
      const before = rng.words(new Uint32Array(3));
      return [...before, ...rng.words(new Uint32Array(length)), ...rng.words(new Uint32Array(2))];
    };
    for (const length of [127, 128, 131, 8192, 8193, 20_011])
      expect(drawn(length, true)).to.deep.equal(drawn(length, false));
    useWordSimd(true);
  });

  it('factors are the words of the stream at or above a share of 2^32, with SIMD and without, in both precisions, for odd lengths', () => {
    for (const [length, share] of [
      [5, 0.5],
      [131, 0.25],
      [8193, 1 / 3],
      [20_011, 0.5],
      [300, 1 - 2 ** -33],
      [300, 0],
    ] as const) {
      const stream = () => rootStream(9, 'float32').derive('mask', length);
      const expected = Array.from(stream().words(new Uint32Array(length)), (word) =>
        word >= share * 2 ** 32 ? 1.5 : 0,
      );
      for (const isSimd of [true, false]) {
        useWordSimd(isSimd);
        for (const into of [new Float32Array(length + 2), new Float64Array(length + 2)]) {
          drawFactors(stream(), into.subarray(1, length + 1), share, 1.5);
          expect([...into]).to.deep.equal([0, ...expected, 0]);
        }
      }
    }
    useWordSimd(true);
  });

  it('10,000 paths over numbers, texts and depths give 10,000 different first words', () => {
    const root = rootStream(1, 'float32');
    const seen = new Set<number>();
    const word = new Uint32Array(2);
    const note = (rng: ReturnType<typeof root.derive>) => {
      rng.words(word);
      seen.add(word[0]! * 4294967296 + word[1]!);
    };
    for (let i = 0; i < 5000; i++) note(root.derive(i));
    for (let i = 0; i < 2500; i++) note(root.derive(`${i}`));
    for (let i = 0; i < 2500; i++) note(root.derive('round', i));
    expect(seen.size).to.equal(10_000);
  });

  it('normal(10^5): mean 0 +- 5 sigma, variance 1 +- 3 %, fourth moment 3 +- 5 % (seed 5)', () => {
    const draws = rootStream(5, 'float64').derive('test').normal(100_000);
    const moment = (power: number) => Array.from(draws, (x) => x ** power).reduce((a, b) => a + b, 0) / draws.length;
    expect(Math.abs(moment(1))).to.be.below(5 / Math.sqrt(100_000));
    expect(moment(2)).to.be.closeTo(1, 0.03);
    expect(moment(4)).to.be.closeTo(3, 0.15);
  });

  it('batch: distinct, below the count, and every example equally often (20,000 draws of 3 from 7, 5 sigma, seed 2)', () => {
    const rng = rootStream(2, 'float64');
    const counts = new Array<number>(7).fill(0);
    for (let trial = 0; trial < 20_000; trial++) {
      const batch = rng.batch(7, 3);
      expect(new Set(batch).size).to.equal(3);
      for (const i of batch) counts[i] = counts[i]! + 1;
    }
    for (const count of counts)
      expect(count).to.be.closeTo((20_000 * 3) / 7, 5 * Math.sqrt(20_000 * (3 / 7) * (4 / 7)));
  });

  it('poisson: ascending, mean count n p within 5 sigma (n = 1,000, p = 0.03, 2,000 draws, seed 3)', () => {
    const rng = rootStream(3, 'float64');
    let total = 0;
    for (let trial = 0; trial < 2000; trial++) {
      const chosen = rng.poisson(1000, 0.03);
      for (let i = 1; i < chosen.length; i++) expect(chosen[i]).to.be.above(chosen[i - 1]!);
      total += chosen.length;
    }
    expect(total / 2000).to.be.closeTo(30, 5 * Math.sqrt((30 * 0.97) / 2000));
  });

  it('below(3) is uniform (30,000 draws, 5 sigma, seed 4) and refuses 0', () => {
    const rng = rootStream(4, 'float64');
    const counts = [0, 0, 0];
    for (let i = 0; i < 30_000; i++) counts[rng.below(3)]!++;
    for (const count of counts) expect(count).to.be.closeTo(10_000, 5 * Math.sqrt(30_000 * (2 / 9)));
    expect(() => rng.below(0)).to.throw(RangeError, /below/);
  });
});

describe('protocol/numerics/elementary', () => {
  const ulp = (x: number) => Math.max(Math.abs(x) * 2 ** -52, Number.MIN_VALUE);
  it('exp, log, tanh agree with the engine to 2 units in the last place over their range', () => {
    for (let i = -7000; i <= 7000; i++) {
      const x = i / 10.1;
      if (x < 709 && x > -708) expect(exp(x)).to.be.closeTo(Math.exp(x), 2 * ulp(Math.exp(x)));
      const y = 2 ** (i / 10);
      if (y > 0 && Number.isFinite(y)) expect(log(y)).to.be.closeTo(Math.log(y), 2 * ulp(Math.log(y)));
      expect(tanh(x / 30)).to.be.closeTo(Math.tanh(x / 30), 6 * ulp(Math.tanh(x / 30)));
    }
    expect(exp(-746)).to.equal(0);
    expect(exp(710)).to.equal(Infinity);
    expect(exp(Number.NaN)).to.be.NaN;
    expect(log(0)).to.equal(-Infinity);
    expect(log(-1)).to.be.NaN;
    expect(log(5e-324)).to.be.closeTo(-744.4400719213812, 1e-12);
  });
  it('sine and cosine of turns are exact at quarters and right to 2e-15 between (the reference rounds its argument)', () => {
    expect([0, 0.25, 0.5, 0.75].map(sineOfTurns).map((x) => x + 0)).to.deep.equal([0, 1, 0, -1]);
    for (let i = 0; i < 1000; i++) {
      expect(sineOfTurns(i / 1000)).to.be.closeTo(Math.sin((2 * Math.PI * i) / 1000), 2e-15);
      expect(cosineOfTurns(i / 1000)).to.be.closeTo(Math.cos((2 * Math.PI * i) / 1000), 2e-15);
    }
  });
});
