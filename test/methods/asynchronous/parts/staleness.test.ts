import { expect } from 'chai';
import { stalenessWeight } from '../../../../protocol/methods/asynchronous/parts/staleness.js';

const weights = (staleness: string, stalenessExponent: number, stalenessThreshold = 2) =>
  [0, 1, 2, 3, 4, 8].map((age) => stalenessWeight(age, { staleness, stalenessExponent, stalenessThreshold }));

function near(actual: readonly number[], expected: readonly number[]): void {
  for (const [i, value] of expected.entries()) expect(actual[i], `entry ${i}`).to.be.closeTo(value, 1e-14);
}

describe('weights by age 0, 1, 2, 3, 4 and 8', () => {
  it('constant: 1', () => near(weights('constant', 3), [1, 1, 1, 1, 1, 1]));

  it('polynomial: (1 + age)^-a, at the exponent 1/2 of the square root too', () => {
    near(weights('polynomial', 2), [1, 1 / 4, 1 / 9, 1 / 16, 1 / 25, 1 / 81]);
    near(weights('polynomial', 0.5), [1, 2 ** -0.5, 3 ** -0.5, 1 / 2, 5 ** -0.5, 1 / 3]);
    near(weights('polynomial', 0), [1, 1, 1, 1, 1, 1]);
    near(weights('polynomial', 0.5), weights('polynomial', 0.5 + 1e-16));
  });

  it('hinge: whole up to b, then 1 / (1 + a (age - b))', () => {
    near(weights('hinge', 3), [1, 1, 1, 1 / 4, 1 / 7, 1 / 19]);
    near(weights('hinge', 0.5, 0), [1, 1 / 1.5, 1 / 2, 1 / 2.5, 1 / 3, 1 / 5]);
  });
});
