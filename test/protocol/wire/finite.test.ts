import { expect } from 'chai';
import { allFinite } from '../../../protocol/wire/finite.js';
import { useFiniteSimd } from '../../../protocol/wire/simd/finite-pieces.js';

const NOT_FINITE = [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];

describe('the test for finite numbers', () => {
  for (const [type, make, largest] of [
    ['float32', (length: number) => new Float32Array(length), 3.4028234663852886e38],
    ['float64', (length: number) => new Float64Array(length), Number.MAX_VALUE],
  ] as const) {
    it(`finds one number of ${type} that is not finite, of every kind, at every position of lengths up to 40`, () => {
      for (let length = 1; length <= 40; length++)
        for (let at = 0; at < length; at++)
          for (const value of NOT_FINITE) {
            const vector = make(length).fill(-1.5);
            vector[at] = value;
            expect(allFinite(vector), `${value} at ${at} of ${length}`).to.equal(false);
          }
    });

    it(`takes ${type} numbers from the smallest to the largest as finite, in a part of a larger vector too`, () => {
      const numbers = [0, -0, 5e-324, -5e-324, 1.5, largest, -largest];
      for (let length = 0; length <= 40; length++) {
        const whole = make(length + 2).fill(Number.NaN);
        for (let i = 1; i <= length; i++) whole[i] = numbers[i % numbers.length]!;
        expect(allFinite(whole.subarray(1, length + 1)), `${length} numbers`).to.equal(true);
      }
    });

    for (const isSimd of [true, false])
      it(`${isSimd ? 'SIMD' : 'the plain loop'} finds one number of ${type} that is not finite anywhere in a vector of several pieces`, () => {
        useFiniteSimd(isSimd);
        try {
          // Two pieces of the module and a part of a third, which ends with numbers that are left to the plain loop.
          const whole = make((2 * 8192 + 4096) / make(1).BYTES_PER_ELEMENT + 4).fill(-largest);
          const vector = whole.subarray(1);
          whole[0] = Number.NaN;
          expect(allFinite(vector)).to.equal(true);
          for (let at = 0; at < vector.length; at += at < 40 || at > vector.length - 40 ? 1 : 7)
            for (const value of NOT_FINITE) {
              vector[at] = value;
              expect(allFinite(vector), `${value} at ${at} of ${vector.length}`).to.equal(false);
              vector[at] = largest;
            }
        } finally {
          useFiniteSimd(true);
        }
      });
  }
});
