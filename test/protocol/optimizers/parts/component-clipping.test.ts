import { expect } from 'chai';
import type { Segment } from '../../../../protocol/method.js';
import { clipComponents } from '../../../../protocol/optimizers/parts/component-clipping.js';
import { normOf } from '../../../support/optimizer-run.js';

const segments: readonly Segment[] = [
  { name: 'kernel', module: 'layer', offset: 0, shape: [2, 2] },
  { name: 'bias', module: 'layer', offset: 4, shape: [2] },
];
const gradient = Float64Array.of(3, 0, 0, -4, 0.3, 0.4);

describe('protocol/optimizers/component-clipping', () => {
  it('a tensor above the threshold is scaled to it, the other is untouched, directions stay', () => {
    const clipped = clipComponents(gradient, segments, 1);
    expect(normOf(clipped, 0, 4)).to.be.closeTo(1, 3e-7);
    expect(normOf(clipped, 0, 4)).to.be.at.most(1);
    expect(clipped[0]! / clipped[3]!).to.be.closeTo(-0.75, 1e-15);
    expect(clipped.subarray(4)).to.deep.equal(gradient.subarray(4));
  });

  it('again is the same within the 1e-6 of the divisor; an infinite threshold changes nothing', () => {
    const once = clipComponents(gradient, segments, 0.1);
    const twice = clipComponents(once, segments, 0.1);
    for (let i = 0; i < 6; i++) expect(twice[i]).to.be.closeTo(once[i]!, 1e-6);
    expect(clipComponents(gradient, segments, Number.POSITIVE_INFINITY)).to.deep.equal(gradient);
  });

  it('without segments the whole gradient is one tensor, and precision is kept', () => {
    const clipped = clipComponents(Float32Array.of(3, 4), [], 0.5);
    expect(clipped).to.be.instanceOf(Float32Array);
    expect(normOf(clipped)).to.be.closeTo(0.5, 1e-6);
  });

  it('a tensor with NaN or an infinity becomes zero, the other stays; a threshold of 0 is ERR_SCENARIO', () => {
    const broken = gradient.with(1, Number.NaN);
    expect([...clipComponents(broken, segments, 10)]).to.deep.equal([0, 0, 0, 0, 0.3, 0.4]);
    expect([...clipComponents(gradient.with(5, -Infinity), segments, 10)]).to.deep.equal([3, 0, 0, -4, 0, 0]);
    expect(() => clipComponents(gradient, segments, 0)).to.throw(/ERR_SCENARIO.*above 0, got 0/);
    expect(() => clipComponents(gradient, segments, Number.NaN)).to.throw('got NaN');
  });
});
