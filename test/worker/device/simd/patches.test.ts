import * as tf from '@tensorflow/tfjs-core';
import { expect } from 'chai';
import { rootStream } from '../../../../protocol/numerics/random.js';
import { openDevice } from '../../../../worker/device/device.js';

/** Small integers, whose sums of products float32 holds exactly in any order. */
const integers = (length: number, name: string) =>
  (rootStream(11, 'float32').derive(name).normal(length) as Float32Array).map((one) => Math.round(3 * one));

type Pad = 'same' | 'valid';
type Shape = readonly [height: number, width: number, channels: number, kernel: number, stride: number, pad: Pad];

/** The convolution of two images and both of its gradients. */
async function convolvedOn(device: string, [height, width, channels, kernel, stride, pad]: Shape) {
  await openDevice(device);
  const tensor = (shape: readonly number[], name: string) =>
    tf.tensor(
      integers(
        shape.reduce((size, next) => size * next),
        name,
      ),
      [...shape] as never,
    ) as tf.Tensor4D;
  const x = tensor([2, height, width, channels], 'images');
  const filter = tensor([kernel, kernel, channels, 5], 'filter');
  const y = tf.conv2d(x, filter, stride, pad);
  const dy = tensor(y.shape, 'derivatives');
  const how = { strides: stride, pad, dataFormat: 'NHWC' } as const;
  const gradient = (name: string, inputs: Record<string, tf.Tensor>, attributes: object) =>
    tf.engine().runKernel(name, inputs, { ...how, ...attributes } as never) as tf.Tensor;
  const all = [
    y,
    gradient('Conv2DBackpropFilter', { x, dy }, { filterShape: filter.shape }),
    gradient('Conv2DBackpropInput', { dy, filter }, { inputShape: x.shape }),
  ];
  return all.map((one) => [...one.dataSync()].map((value) => value + 0));
}

describe('worker/device/simd: patches', () => {
  // Runs of a kernel's row of 1 to 4, 5 to 8, 9 to 16 and more numbers, inside, at the edges and wider than the image.
  for (const shape of [
    [7, 9, 1, 3, 1, 'valid'],
    [7, 9, 1, 5, 1, 'same'],
    [8, 11, 2, 3, 2, 'same'],
    [9, 8, 3, 3, 1, 'valid'],
    [10, 10, 3, 5, 3, 'same'],
    [6, 7, 6, 5, 1, 'same'],
    [5, 3, 2, 5, 1, 'same'],
    [4, 2, 1, 7, 2, 'same'],
    [6, 6, 4, 1, 2, 'valid'],
  ] as const satisfies readonly Shape[])
    it(`a convolution of images [${shape.slice(0, 3)}] by ${shape[3]} x ${shape[3]}, stride ${shape[4]}, ${shape[5]}, and its gradients: integers as in plain JavaScript`, async () => {
      const expected = await convolvedOn('cpu', shape);
      for (const device of ['simd', 'simd-relaxed']) expect(await convolvedOn(device, shape)).to.deep.equal(expected);
    });
});
