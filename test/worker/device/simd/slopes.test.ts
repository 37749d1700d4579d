import * as tf from '@tensorflow/tfjs-core';
import { expect } from 'chai';
import { rootStream } from '../../../../protocol/numerics/random.js';
import { openDevice } from '../../../../worker/device/device.js';
import { reluGradient } from '../../../../worker/device/relu-gradient.js';

const drawn = (length: number, name: string) => rootStream(5, 'float32').derive(name).normal(length) as Float32Array;

/** -0 is not 0, and what is no number equals itself. */
const signed = (values: Iterable<number>) => [...values].map((one) => (Object.is(one, -0) ? '-0' : String(one)));

interface Pooling {
  readonly images: readonly [examples: number, height: number, width: number, channels: number];
  readonly size: number;
  readonly stride: number;
  readonly pad: 'same' | 'valid';
}

/** Few values, so that windows have several largest ones, and some that are no numbers; derivatives of -0 among the others. */
async function poolingGradientOn(device: string, { images, size, stride, pad }: Pooling): Promise<readonly string[]> {
  await openDevice(device);
  const [examples, height, width, channels] = images;
  const count = examples * height * width * channels;
  const input = tf.tensor(
    drawn(count, 'images').map((one, i) => (i % 13 === 0 ? Number.NaN : Math.round(one))),
    [...images],
  ) as tf.Tensor4D;
  const output = tf.maxPool(input, size, stride, pad);
  const dy = tf.tensor(
    drawn(output.size, 'derivatives').map((one, i) => (i % 5 === 0 ? -0 : one)),
    output.shape,
  );
  // What the result may lie on.
  tf.fill([count], 7).dispose();
  const attributes = { filterSize: size, strides: stride, pad } as never;
  return signed((tf.engine().runKernel('MaxPoolGrad', { dy, input, output }, attributes) as tf.Tensor).dataSync());
}

describe('worker/device/simd: slopes', () => {
  for (const device of ['simd', 'simd-relaxed'])
    it(`${device}: the derivative by what relu takes has the bits of a product with its slope, also of 0, infinity and what is no number`, async () => {
      await openDevice(device);
      const y = [0, 1, 2, Number.NaN, Number.POSITIVE_INFINITY, 0, 3e-45, 0.5, 0, Number.NaN, 4];
      const dy = [1, -2, -0, 1, 3, -4, 5, Number.NaN, Number.POSITIVE_INFINITY, 2, -0];
      const [values, derivatives] = [tf.tensor1d(y), tf.tensor1d(dy)];
      const expected = y.map((one, i) => dy[i]! * (one > 0 ? 1 : one === 0 ? 0 : Number.NaN));
      expect(signed(reluGradient(derivatives, values).dataSync())).to.deep.equal(signed(expected));
      expect(signed(tf.mul(derivatives, tf.step(values)).dataSync())).to.deep.equal(signed(expected));
    });

  for (const pooling of [
    { images: [2, 8, 6, 8], size: 2, stride: 2, pad: 'valid' },
    { images: [1, 7, 9, 8], size: 2, stride: 2, pad: 'valid' },
    { images: [1, 7, 9, 4], size: 2, stride: 2, pad: 'same' },
    { images: [2, 8, 8, 6], size: 2, stride: 2, pad: 'valid' },
    { images: [1, 9, 9, 4], size: 2, stride: 3, pad: 'valid' },
    { images: [1, 9, 9, 8], size: 3, stride: 2, pad: 'same' },
    { images: [1, 8, 9, 7], size: 3, stride: 3, pad: 'same' },
    { images: [2, 6, 6, 5], size: 2, stride: 2, pad: 'valid' },
    { images: [1, 6, 6, 3], size: 2, stride: 2, pad: 'valid' },
  ] as const)
    it(`the gradient of pooling by ${pooling.size} with stride ${pooling.stride}, ${pooling.pad}, on ${pooling.images} has the bits of the plain loop: the first of several largest gets it, the others 0`, async () => {
      const expected = await poolingGradientOn('wasm', pooling);
      expect(await poolingGradientOn('simd', pooling)).to.deep.equal(expected);
    });
});
