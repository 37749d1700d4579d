import * as tf from '@tensorflow/tfjs-core';
import { expect } from 'chai';
import { openDevice } from '../../../worker/device/device.js';

type Compute = (draw: (shape: readonly number[]) => tf.Tensor) => tf.Tensor;

/** The values of `compute` on a backend; its inputs are the same numbers on each. */
async function on(name: string, compute: Compute): Promise<Float32Array> {
  await openDevice(name);
  let state = 1;
  const draw = (shape: readonly number[]) => {
    const size = shape.reduce((product, length) => product * length, 1);
    // Multiples of 1/64 in [-1, 1], most of them different: maxima are then unique often enough, and ties occur.
    const values = Float32Array.from({ length: size }, () => {
      state = (state * 1103515245 + 12345) % 2147483648;
      return (state % 129) / 64 - 1;
    });
    return tf.tensor(values, [...shape] as [number]);
  };
  return (tf.tidy(() => compute(draw)).dataSync() as Float32Array).slice();
}

async function agree(device: string, compute: Compute): Promise<void> {
  const before = tf.memory().numTensors;
  const expected = await on('cpu', compute);
  const got = await on(device, compute);
  expect(got.length).to.equal(expected.length);
  const largest = expected.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  expect(largest).to.be.above(0.1);
  for (let i = 0; i < expected.length; i++) expect(got[i]).to.be.closeTo(expected[i]!, 4e-6 * Math.max(1, largest));
  tf.disposeVariables();
  expect(tf.memory().numTensors - before).to.be.at.most(2);
}

function run(name: string, inputs: Record<string, tf.Tensor>, attributes: Record<string, unknown>): tf.Tensor {
  return tf.engine().runKernel(name, inputs, attributes as never) as tf.Tensor;
}

/** The same kernels on other products; blas is in the system suite, because it needs packages. */
for (const device of ['wasm', 'simd', 'simd-relaxed'])
  describe(`worker/device: kernels of ${device}`, () => {
    for (const kernel of [1, 3, 5])
      for (const strides of [1, 2])
        for (const pad of ['same', 'valid'] as const) {
          // 9 and 8: one of them leaves a remainder under stride 2.
          const [height, width, channels, filters] = [9, 8, 3, 4];
          const filterShape = [kernel, kernel, channels, filters];
          const attributes = { strides, pad, dataFormat: 'NHWC' };
          const outputOf = (x: tf.Tensor, filter: tf.Tensor) =>
            tf.conv2d(x as tf.Tensor4D, filter as tf.Tensor4D, strides, pad).shape;

          it(`filter gradient equals the cpu backend's: kernel ${kernel}, stride ${strides}, ${pad}`, () =>
            agree(device, (draw) => {
              const x = draw([2, height, width, channels]);
              const dy = draw(outputOf(x, tf.zeros(filterShape as [number])));
              return run('Conv2DBackpropFilter', { x, dy }, { ...attributes, filterShape });
            }));

          it(`input gradient equals the cpu backend's: kernel ${kernel}, stride ${strides}, ${pad}`, () =>
            agree(device, (draw) => {
              const filter = draw(filterShape);
              const inputShape = [2, height, width, channels];
              const dy = draw(outputOf(tf.zeros(inputShape as [number]), filter));
              return run('Conv2DBackpropInput', { dy, filter }, { ...attributes, inputShape });
            }));
        }

    for (const [filterSize, strides, pad] of [
      [2, 2, 'valid'],
      [3, 2, 'same'],
      [2, 1, 'valid'],
      [3, 3, 'valid'],
    ] as const)
      it(`gradient of maximum pooling with 3 channels equals the cpu backend's: window ${filterSize}, stride ${strides}, ${pad}`, () =>
        agree(device, (draw) => {
          const input = draw([2, 9, 8, 3]);
          const output = tf.maxPool(input as tf.Tensor4D, filterSize, strides, pad);
          return run('MaxPoolGrad', { dy: draw(output.shape), input, output }, { filterSize, strides, pad });
        }));

    for (const transposeA of [false, true])
      for (const transposeB of [false, true])
        for (const [batchA, batchB] of [
          [[], []],
          [[3], [3]],
          [
            [2, 2],
            [2, 2],
          ],
          [[3], [1]],
          [[1], [3]],
        ] as const)
          for (const columns of [1, 5])
            it(`matMul equals the cpu backend's: batches [${batchA}] [${batchB}], ${columns} columns, transpose ${transposeA} ${transposeB}`, () =>
              agree(device, (draw) => {
                const a = draw([...batchA, ...(transposeA ? [7, 4] : [4, 7])]);
                const b = draw([...batchB, ...(transposeB ? [columns, 7] : [7, columns])]);
                return tf.matMul(a, b, transposeA, transposeB);
              }));

    for (const [begin, size] of [
      [
        [1, 0, 0],
        [2, 3, 4],
      ],
      [
        [2, 1, 0],
        [1, 2, -1],
      ],
      [
        [0, 1, 2],
        [3, 2, 2],
      ],
    ])
      it(`slice [${begin}] [${size}] equals the cpu backend's`, () =>
        agree(device, (draw) => tf.slice(draw([4, 3, 4]), begin!, size!)));

    it("unsortedSegmentSum equals the cpu backend's, with a segment that nothing falls in", () =>
      agree(device, (draw) => tf.unsortedSegmentSum(draw([6, 3]), tf.tensor1d([2, 0, 2, 4, 0, 2], 'int32'), 5)));

    for (const activation of ['linear', 'relu', 'sigmoid'] as const)
      it(`product with bias and ${activation} equals the cpu backend's`, () =>
        agree(device, (draw) => {
          const [a, b, bias] = [draw([37, 300]), draw([300, 21]), draw([21])];
          return tf.fused.matMul({ a: a as tf.Tensor2D, b: b as tf.Tensor2D, bias, activation });
        }));

    for (const [kernel, strides, pad] of [
      [3, 1, 'same'],
      [5, 2, 'same'],
      [3, 2, 'valid'],
      [1, 1, 'valid'],
    ] as const)
      it(`convolution with bias and relu equals the cpu backend's: kernel ${kernel}, stride ${strides}, ${pad}`, () =>
        agree(device, (draw) => {
          const x = draw([2, 9, 8, 3]) as tf.Tensor4D;
          const filter = draw([kernel, kernel, 3, 9]) as tf.Tensor4D;
          return tf.fused.conv2d({ x, filter, bias: draw([9]), activation: 'relu', strides, pad });
        }));

    it("sums of columns equal the cpu backend's", () => agree(device, (draw) => tf.sum(draw([600, 23]), 0)));
  });

describe('worker/device/kernel-overrides', () => {
  it('the wasm backend runs the kernels of this project, not its own', async () => {
    await openDevice('wasm');
    for (const name of [
      'BatchMatMul',
      'Conv2DBackpropFilter',
      'Conv2DBackpropInput',
      'MaxPoolGrad',
      'UnsortedSegmentSum',
    ])
      expect(tf.getKernel(name, 'wasm').setupFunc, name).to.equal(undefined);
  });
});
