import { expect } from 'chai';
import type { Objective } from '../../../../protocol/method.js';
import { gradientByParts, tracesWithin } from '../../../../protocol/methods/large-batch/parts/batch-parts.js';

const VALUES = [1, 2, 6, 4, 4, 10, 0, 0, 8, 5];
/** Gradient of a batch: the mean of its values, and three times that. */
const objective = {
  gradient: (_params: Float64Array, batch: Uint32Array) => {
    const mean = batch.reduce((sum, i) => sum + VALUES[i]!, 0) / batch.length;
    return Float64Array.of(mean, 3 * mean);
  },
} as unknown as Objective;
const batch = Uint32Array.from(VALUES.keys());

describe('protocol/methods/large-batch/parts/batch-parts', () => {
  it('ten examples in three parts of 3, 3 and 4: the mean is that of all, the spread that of the parts by examples, by hand', async () => {
    const { gradient, spread, parts } = await gradientByParts(objective, new Float64Array(2), batch, 3);
    const [mean, byParts] = [4, (3 * (3 - 4) ** 2 + 3 * (6 - 4) ** 2 + 4 * (3.25 - 4) ** 2) / 10];
    expect(parts).to.equal(3);
    expect(gradient[0]).to.be.closeTo(mean, 1e-14);
    expect(gradient[1]).to.be.closeTo(3 * mean, 1e-14);
    expect(spread[0]).to.be.closeTo(byParts, 1e-14);
    expect(spread[1]).to.be.closeTo(9 * byParts, 1e-13);
    const modules = [
      { name: 'a', ranges: [{ start: 0, end: 1 }] },
      { name: 'b', ranges: [{ start: 1, end: 2 }] },
    ];
    const traces = tracesWithin(spread, 3, 10, modules as never);
    expect(traces[0]).to.be.closeTo((10 * byParts) / 2, 1e-13);
    expect(traces[1]).to.be.closeTo((90 * byParts) / 2, 1e-12);
  });

  it('has no more parts than examples', async () => {
    expect((await gradientByParts(objective, new Float64Array(2), batch.subarray(0, 2), 5)).parts).to.equal(2);
  });
});
