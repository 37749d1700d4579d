import { expect } from 'chai';
import { GradientSums } from '../../../../protocol/methods/bayesian/parts/served-walk.js';

describe('protocol/methods/bayesian/parts/served-walk', () => {
  it('two of eight clients stand for all: four times their sum, plus the reference, for each chain by who answered it', () => {
    const sums = new GradientSums(3, 2);
    sums.add(0, Float64Array.of(1, 2));
    sums.add(0, Float64Array.of(3, -5), Float64Array.of(0, 1));
    sums.add(1, Float64Array.of(1, 1));
    const [first, second, third] = sums.estimates(8, [Float64Array.of(100, 0)]);
    expect([...first!]).to.deep.equal([116, -8]);
    expect([...second!]).to.deep.equal([8, 8]);
    expect(third).to.equal(null);
  });
});
