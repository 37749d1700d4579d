import { MathBackendCPU } from '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { expect } from 'chai';
import { rootStream } from '../../../../protocol/numerics/random.js';
import { indices, syntheticDataset } from '../../../../scenarios/check/parts/synthetic-dataset.js';
import { loadInstalled } from '../../../../worker/device/candidate.js';
import { openDevice } from '../../../../worker/device/device.js';
import { addToHash, emptyHash } from '../../../../worker/device/word-hash.js';
import { createObjectiveFamily } from '../../../../worker/objectives/objectives.js';
import { descendOn } from '../../../../worker/objectives/tensorflow/parts/descent.js';

/** The device tfjs-node on the library's plain kernels. */
async function openTensorflow() {
  tf.copyRegisteredKernels('cpu', 'tensorflow');
  const load = async (name: string) => {
    if (name !== '@tensorflow/tfjs-node') return loadInstalled(name);
    tf.registerBackend('tensorflow', () => new MathBackendCPU() as never, 3);
    return {};
  };
  return openDevice('tfjs-node', load);
}

const BATCHES = [[0, 3, 5], [], [1, 7], [3]].map((batch) => Uint32Array.from(batch));

describe('worker/objectives/tensorflow/descent', () => {
  const networks = [
    [{ name: 'mlp', hidden: [6], activation: 'tanh' }, [10]],
    [{ name: 'lenet', filters: [3], dense: [5] }, [8, 8, 1]],
  ] as const;
  for (const [objective, featureShape] of networks)
    for (const device of ['wasm', 'simd', 'simd-relaxed'])
      it(`${objective.name}, ${device}: has the bits of params - rate x gradient in float64, rounded once, batch after batch`, async () => {
        const rng = rootStream(3, 'float32');
        const dataset = syntheticDataset({ featureShape, classCount: 3 });
        const request = { objective, dataset, clientCount: 1, precision: 'float32', rng, device } as const;
        const family = await createObjectiveFamily(request as never);
        const shard = family.shard(indices(8));
        const initial = family.initialParams(rng);
        const expected = Float32Array.from(initial);
        for (const batch of BATCHES) {
          const gradient = await shard.gradient(expected, batch);
          for (let j = 0; j < expected.length; j++) expected[j] = expected[j]! - 0.3 * gradient[j]!;
        }
        const tensors = family.tensorCount();
        expect(await shard.descend!(initial, BATCHES, 0.3)).to.deep.equal(expected);
        expect(expected).not.to.deep.equal(initial);
        expect(family.tensorCount()).to.equal(tensors);
      });

  it('descents that are asked for at once take their steps one after the other, also after one that fails, and ask for their vectors when they end', async () => {
    const device = await openDevice('wasm');
    const steps: number[] = [];
    const rooms: number[] = [];
    const before = device.tensorCount();
    const asked = [0, 1, 2].map((who) =>
      descendOn(
        device,
        device.stepping!,
        {
          upload: (to, params) => [to.upload(params as Float32Array, [2])],
          gradients: (weights) => {
            steps.push(who);
            return [tf.mul(weights[0]!, 2)];
          },
        },
        Float32Array.of(1, who),
        BATCHES,
        0.25,
        () => {
          rooms.push(steps.length);
          return new Float32Array(2);
        },
        () => {
          if (who === 1 && steps.length > 4) throw new Error('stopped');
        },
      ),
    );
    const results = await Promise.allSettled(asked);
    expect(steps).to.deep.equal([0, 0, 0, 1, 1, 2, 2, 2]);
    expect(rooms).to.deep.equal([3, 8]);
    expect(results.map(({ status }) => status)).to.deep.equal(['fulfilled', 'rejected', 'fulfilled']);
    // Three steps of a half.
    expect((results[2] as PromiseFulfilledResult<Float32Array>).value).to.deep.equal(Float32Array.of(0.125, 0.25));
    expect(device.tensorCount()).to.equal(before);
  });

  it('of a device whose tensors are elsewhere: weights go in and out once, and masks are keyed by those of each step', async () => {
    const device = await openTensorflow();
    const target = Float32Array.of(1, -2, 3);
    let [uploads, reads] = [0, 0];
    const counting = {
      ...device,
      read: (tensors: readonly tf.Tensor[], into: Float32Array) => {
        reads++;
        return device.read(tensors, into);
      },
    };
    const seen: (readonly [keyed: Uint32Array, weights: Float32Array])[] = [];
    const before = device.tensorCount();
    const reached = await descendOn(
      counting,
      device.stepping!,
      {
        upload: (to, params) => {
          uploads++;
          return [to.upload(params as Float32Array, [3])];
        },
        gradients: (weights, _, hash) => {
          seen.push([hash().slice(), (weights[0]!.dataSync() as Float32Array).slice()]);
          return [tf.sub(weights[0]!, tf.tensor1d(target))];
        },
      },
      new Float32Array(3),
      BATCHES,
      0.25,
      () => new Float32Array(3),
      () => {},
    );
    // 1 - 0.75^3 of the way, in numbers that float32 holds.
    expect([...reached]).to.deep.equal([...target].map((one) => one * (1 - 0.75 ** 3)));
    expect([uploads, reads]).to.deep.equal([1, 1]);
    expect(seen).to.have.length(3);
    for (const [keyed, weights] of seen) expect(keyed).to.deep.equal(addToHash(emptyHash(), weights));
    expect(device.tensorCount()).to.equal(before);
    tf.removeBackend('tensorflow');
  });
});
