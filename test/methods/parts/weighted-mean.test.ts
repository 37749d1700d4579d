import { expect } from 'chai';
import { WeightedMean } from '../../../protocol/methods/parts/weighted-mean.js';

describe('protocol/methods/parts/weighted-mean', () => {
  it('weights 1 and 3 of (2, 0) and (6, 4): mean (5, 3), weight 4; a mean by count would be (4, 2)', () => {
    const mean = new WeightedMean();
    mean.add(1, Float64Array.of(2, 0));
    mean.add(3, Float64Array.of(6, 4));
    expect(mean.weight).to.equal(4);
    expect([...mean.value()]).to.deep.equal([5, 3]);
    // Asking does not end the sum.
    mean.add(4, Float64Array.of(1, 1));
    expect([...mean.value()]).to.deep.equal([3, 2]);
  });

  it('float32 vectors are summed in float64 and rounded once: the mean of 2^24, 1, 1 and 2 is 2^22 + 1', () => {
    const mean = new WeightedMean();
    for (const value of [2 ** 24, 1, 1, 2]) mean.add(1, Float32Array.of(value));
    expect(mean.value()).to.be.instanceOf(Float32Array);
    expect(mean.value()[0]).to.equal(2 ** 22 + 1);
  });

  it('a vector whose memory has gone to another thread since it was added still counts', () => {
    const mean = new WeightedMean();
    for (const value of [2, 4]) {
      const vector = Float32Array.of(value, 1);
      mean.add(1, vector);
      structuredClone(vector, { transfer: [vector.buffer] });
    }
    expect(mean.value()).to.deep.equal(Float32Array.of(3, 1));
  });

  it('a weight of 0 counts for nothing, and the vectors that were added are not changed', () => {
    const mean = new WeightedMean();
    const one = Float64Array.of(1);
    mean.add(2, one);
    mean.add(0, Float64Array.of(1e9));
    mean.value()[0] = 7;
    expect(mean.value()[0]).to.equal(1);
    expect(one[0]).to.equal(1);
  });

  it('no vector, weights of 0 alone, and a vector of another length are refused', () => {
    const mean = new WeightedMean();
    expect(() => mean.value()).to.throw(RangeError);
    mean.add(0, Float64Array.of(1, 2));
    expect(() => mean.value()).to.throw(RangeError);
    expect(() => mean.add(1, Float64Array.of(1))).to.throw(RangeError, 'vectors of 2 numbers cannot take one of 1');
  });
});
