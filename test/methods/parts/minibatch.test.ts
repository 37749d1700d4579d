import { expect } from 'chai';
import type { Objective, ReadonlyVector } from '../../../protocol/method.js';
import { gradientOn, minibatch } from '../../../protocol/methods/parts/minibatch.js';
import { rootStream } from '../../../protocol/numerics/random.js';

/** Ten examples; the gradient is (3, 4) times the number of examples, and records the requested batch. */
function sampler(batchSize: number | null, gradientClip: number | null = null) {
  const asked: { params: ReadonlyVector; batch: Uint32Array }[] = [];
  const objective = {
    exampleCount: 10,
    gradient(params: ReadonlyVector, batch: Uint32Array) {
      asked.push({ params, batch });
      return Float64Array.of(3 * batch.length, 4 * batch.length);
    },
  } as unknown as Objective;
  return { at: { objective, rng: rootStream(3, 'float64'), hyperparameters: { batchSize, gradientClip } }, asked };
}

describe('protocol/methods/parts/minibatch', () => {
  it('null is every example once, in order, and so is a size of all examples or more', () => {
    const all = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9];
    for (const size of [null, 10, 11]) expect([...minibatch(sampler(size).at)]).to.deep.equal(all);
  });

  it('4 of 10 are distinct, below 10, uniform (4,000 draws, 5 standard deviations, seed 3), and another sample each time', () => {
    const { at } = sampler(4);
    const counts = new Array<number>(10).fill(0);
    const seen = new Set<string>();
    for (let draw = 0; draw < 4000; draw++) {
      const batch = minibatch(at);
      expect(new Set(batch).size).to.equal(4);
      for (const example of batch) counts[example]!++;
      seen.add([...batch].sort().join());
    }
    // Each example is in a batch with probability 0.4: 1600 of 4000, standard deviation sqrt(4000 0.4 0.6) = 31.
    for (const count of counts) expect(count).to.be.within(1600 - 155, 1600 + 155);
    expect(seen.size).to.equal(210);
  });

  it('gradientOn asks for the gradient at the point and on the batch that it was given', async () => {
    const { at, asked } = sampler(4);
    const params = Float64Array.of(1, 2);
    const batch = Uint32Array.of(7, 2);
    expect([...(await gradientOn(at, params, batch))]).to.deep.equal([6, 8]);
    expect(asked).to.have.length(1);
    expect(asked[0]!.params).to.equal(params);
    expect(asked[0]!.batch).to.equal(batch);
  });

  it('a gradient of norm 10 is scaled to a clip of 5 and left alone by one of 10', async () => {
    const batch = Uint32Array.of(0, 1);
    expect([...(await gradientOn(sampler(null, 5).at, Float64Array.of(0), batch))]).to.deep.equal([3, 4]);
    expect([...(await gradientOn(sampler(null, 10).at, Float64Array.of(0), batch))]).to.deep.equal([6, 8]);
  });
});
