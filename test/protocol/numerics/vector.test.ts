import { expect } from 'chai';
import { useVectorSimd } from '../../../protocol/numerics/simd/vector-pieces.js';
import {
  accumulate,
  add,
  addScaled,
  clip,
  copy,
  dot,
  multiply,
  norm,
  precisionOf,
  scale,
  squaredDistance,
  squaredNorm,
  subtract,
  zeros,
  zerosLike,
} from '../../../protocol/numerics/vector.js';

const A = Float64Array.of(1, -2, 4);
const B = Float64Array.of(3, 5, -0.5);
/** 2^24: the next float32 is 2^24 + 2, so a sum kept in float32 loses every 1 that is added to it. */
const LARGE = 2 ** 24;

describe('protocol/numerics/vector', () => {
  it('(1, -2, 4) and (3, 5, -1/2): sum, difference, product, 2a, a + 10b, a.b = -9, |a|^2 = 21, |a - b|^2 = 73.25', () => {
    expect([...add(A, B)]).to.deep.equal([4, 3, 3.5]);
    expect([...subtract(A, B)]).to.deep.equal([-2, -7, 4.5]);
    expect([...multiply(A, B)]).to.deep.equal([3, -10, -2]);
    expect([...scale(2, A)]).to.deep.equal([2, -4, 8]);
    expect([...addScaled(A, 10, B)]).to.deep.equal([31, 48, -1]);
    expect(dot(A, B)).to.equal(-9);
    expect(squaredNorm(A)).to.equal(21);
    expect(norm(A)).to.equal(Math.sqrt(21));
    expect(squaredDistance(A, B)).to.equal(4 + 49 + 20.25);
  });

  it('a verb alone allocates its result and leaves both arguments as they were; accumulate writes into its first', () => {
    const a = copy(A);
    const b = copy(B);
    for (const made of [add(a, b), subtract(a, b), multiply(a, b), scale(1, a), addScaled(a, 0, b), clip(a, 100)]) {
      made.fill(7);
      expect([...a, ...b]).to.deep.equal([...A, ...B]);
    }
    expect(accumulate(a, -2, b)).to.equal(a);
    expect([...a]).to.deep.equal([-5, -12, 5]);
    expect([...b]).to.deep.equal([...B]);
  });

  it('accumulate gives the same bits with SIMD and without: any precisions, numbers, factors and lengths', () => {
    // Small, large, with many digits, beyond float32, below its normal numbers, zeros of both signs, and sums that cancel.
    const numbers = [0.1, -3e38, 1e-40, -0, 0, 1 / 3, -7e-46, 16777217, 2.9e38, -1 / 3, 5e-324, 1.0000001, -1e300];
    const vector = (make: (length: number) => Float32Array | Float64Array, length: number, step: number) => {
      const made = make(length);
      for (let i = 0; i < length; i++)
        made[i] = numbers[(i * step + (i >> 5)) % numbers.length]! * (i % 3 ? 1 : 1 + i / 7);
      return made;
    };
    const single = (length: number) => new Float32Array(length);
    const double = (length: number) => new Float64Array(length);
    const bytes = (of: Float32Array | Float64Array) => Buffer.from(of.buffer);
    for (const [ofSum, ofTerm] of [
      [single, single],
      [double, single],
      [double, double],
      [single, double],
    ] as const)
      for (const factor of [-1, 1, 0, -0.3, 60, 1e-30])
        for (const length of [255, 256, 259, 4096, 4097, 8195]) {
          const sums = [false, true].map((isSimd) => {
            useVectorSimd(isSimd);
            // Infinite sums stay, and those that are not numbers have no certain bits.
            return accumulate(vector(ofSum, length, 3), factor, vector(ofTerm, length, 5)).map((x) =>
              x === x ? x : 1,
            );
          });
          expect(bytes(sums[1]!).equals(bytes(sums[0]!)), `${factor} ${length}`).to.equal(true);
        }
    useVectorSimd(true);
  });

  it('a result has the precision of the first vector, rounded to it', () => {
    const single = Float32Array.of(0.1);
    const double = Float64Array.of(0.1);
    expect(precisionOf(add(single, double))).to.equal('float32');
    expect(precisionOf(add(double, single))).to.equal('float64');
    expect(add(single, double)[0]).to.equal(Math.fround(Math.fround(0.1) + 0.1));
    expect(add(double, single)[0]).to.equal(0.1 + Math.fround(0.1));
    expect(precisionOf(zerosLike(single, 5))).to.equal('float32');
    expect(zerosLike(single, 5)).to.have.length(5);
    expect(zeros(2, 'float64')).to.deep.equal(new Float64Array(2));
  });

  it('inner products of float32 vectors are summed in float64: 2^24 + 1 + 1 ends in 2', () => {
    const ones = Float32Array.of(1, 1, 1);
    expect(dot(Float32Array.of(LARGE, 1, 1), ones) - LARGE).to.equal(2);
    expect(squaredDistance(Float32Array.of(2 ** 12, 1, 1), new Float32Array(3)) - LARGE).to.equal(2);
  });

  it('clip scales (3, 4) to the radius only beyond it, keeps the direction, and makes zeros of what is not finite', () => {
    const v = Float64Array.of(3, 4);
    expect([...clip(v, 1)].map((x) => +x.toFixed(15))).to.deep.equal([0.6, 0.8]);
    expect([...clip(v, 5)]).to.deep.equal([3, 4]);
    expect([...clip(v, 6)]).to.deep.equal([3, 4]);
    expect([...clip(Float64Array.of(Number.NaN, 1), 1)]).to.deep.equal([0, 0]);
    expect([...clip(Float64Array.of(Number.POSITIVE_INFINITY, 1), 1)]).to.deep.equal([0, 0]);
    // The square of 1e200 overflows: its norm is not finite either.
    expect([...clip(Float64Array.of(1e200), 1)]).to.deep.equal([0]);
  });

  it('two vectors of different lengths are refused by every function of two vectors', () => {
    const short = Float64Array.of(1);
    const pairs: readonly (() => unknown)[] = [
      () => add(A, short),
      () => subtract(A, short),
      () => multiply(A, short),
      () => addScaled(A, 1, short),
      () => accumulate(copy(A), 1, short),
      () => dot(A, short),
      () => squaredDistance(short, A),
    ];
    for (const pair of pairs) expect(pair).to.throw(RangeError, 'cannot be combined');
  });
});
