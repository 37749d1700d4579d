import { expect } from 'chai';
import fc from 'fast-check';
import { ExactSum } from '../../../protocol/party/exact-sum.js';

const BOUND = 1e6;
const TERMS = 40;
/** Magnitudes from 1e-6 to 1e6 in either sign. */
const entry = fc
  .tuple(fc.double({ min: 1, max: 10, noNaN: true, maxExcluded: true }), fc.integer({ min: -6, max: 5 }), fc.boolean())
  .map(([mantissa, exponent, negative]) => (negative ? -1 : 1) * mantissa * 10 ** exponent);
const entries = fc.array(entry, { minLength: 2, maxLength: TERMS });

function sumOf(values: readonly number[], terms = TERMS): number {
  const sum = new ExactSum(BOUND, terms);
  for (const value of values) {
    expect(sum.fits(Float64Array.of(value))).to.equal(true);
    sum.add(Float64Array.of(value));
  }
  return sum.number();
}

describe('an exact sum', () => {
  it('has the same bits in any order', () => {
    const shuffled = entries.chain((values) =>
      fc.tuple(fc.constant(values), fc.shuffledSubarray(values, { minLength: values.length })),
    );
    fc.assert(
      fc.property(shuffled, ([values, others]) => Object.is(sumOf(values), sumOf(others))),
      { seed: 1, numRuns: 300 },
    );
  });

  it('has the same bits when parts are summed first and then added plainly', () => {
    fc.assert(
      fc.property(
        entries,
        fc.nat(TERMS),
        (values, cut) => sumOf(values) === sumOf(values.slice(0, cut)) + sumOf(values.slice(cut)),
      ),
      { seed: 2, numRuns: 300 },
    );
  });

  it('is of values for which a plain sum does depend on the order', () => {
    const values = [1e6 / 3, 1e-6 / 7, -1e6 / 3.1, 1e-6 / 11, 2e5 / 13, -1e-5 / 3];
    const plain = (list: readonly number[]) => list.reduce((sum, value) => sum + value, 0);
    expect(plain(values)).to.not.equal(plain(values.toReversed()));
    expect(sumOf(values)).to.equal(sumOf(values.toReversed()));
  });

  it('is at most half a grid step a term away from the true sum', () => {
    // 2^20 is the power of two above the bound, doubled for each doubling of 64 >= 40 terms and once more for the sign.
    const grid = 2 ** (20 + 6 + 1 - 52);
    const exactSum = (values: readonly number[]) => {
      // Every entry is a multiple of 2^-72: 2^-20 times its 53 bits.
      const total = values.reduce(
        (sum, value) =>
          sum + BigInt(Math.trunc(value * 2 ** 30)) * 2n ** 42n + BigInt(((value * 2 ** 30) % 1) * 2 ** 42),
        0n,
      );
      return Number(total) / 2 ** 72;
    };
    fc.assert(
      fc.property(
        entries,
        (values) =>
          Math.abs(sumOf(values) - exactSum(values)) <=
          (values.length * grid) / 2 + Math.abs(exactSum(values)) * 2 ** -52,
      ),
      { seed: 3, numRuns: 300 },
    );
  });

  it('is not of a vector with an entry beyond the bound, or not a number, or of another length than the first', () => {
    const sum = new ExactSum(3, 8);
    expect(sum.fits(Float64Array.of(3, -3))).to.equal(true);
    sum.add(Float64Array.of(3, -3));
    for (const beyond of [3.0000000000000004, -4, Number.POSITIVE_INFINITY, Number.NaN])
      expect(sum.fits(Float64Array.of(1, beyond)), String(beyond)).to.equal(false);
    expect(sum.fits(Float64Array.of(1)), 'of another length').to.equal(false);
    expect([...sum.vector(new Float64Array(2))]).to.deep.equal([3, -3]);
  });

  it('gives the number type asked for, rounded once', () => {
    const sum = new ExactSum(1, 4);
    for (const value of [0.1, 0.2]) sum.add(Float64Array.of(value));
    expect(sum.vector(new Float32Array(1))[0]).to.equal(Math.fround(sum.number()));
    // One grid step is 8 * 2^-52: 2 for the sign and the bound of 1, doubled twice for 4 terms.
    expect(sum.number()).to.be.closeTo(0.3, 8 * 2 ** -52);
  });

  it('demands a positive finite bound', () => {
    for (const bound of [0, -1, Number.NaN, Number.POSITIVE_INFINITY])
      expect(() => new ExactSum(bound, 1)).to.throw(RangeError, 'positive bound');
  });
});
