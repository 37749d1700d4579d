import { expect } from 'chai';
import { softThreshold } from '../../../../protocol/methods/gossip/parts/proximal.js';

describe('softThreshold', () => {
  it('is the point where z - x is a subgradient of threshold |x|, on either side of the threshold and on it', () => {
    const z = Float64Array.of(-5, -2, -1.5, 0, 1.9, 2, 2.5, 7);
    const x = softThreshold(z, 2);
    expect([...x]).to.deep.equal([-3, 0, 0, 0, 0, 0, 0.5, 5]);
    for (const [i, value] of x.entries()) {
      if (value !== 0) expect(z[i]! - value).to.equal(2 * Math.sign(value));
      else expect(Math.abs(z[i]!)).to.be.at.most(2);
    }
  });

  it('with threshold 0 changes nothing, keeps float32 and leaves its argument alone', () => {
    const z = Float32Array.of(-1, 0.5);
    const x = softThreshold(z, 0);
    expect(x).to.be.instanceOf(Float32Array);
    expect([...x]).to.deep.equal([-1, 0.5]);
    expect(x).not.to.equal(z);
  });
});
