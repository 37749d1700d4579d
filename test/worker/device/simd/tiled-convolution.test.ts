import { createHash } from 'node:crypto';
import type { BackendWasm } from '@tensorflow/tfjs-backend-wasm';
import * as tf from '@tensorflow/tfjs-core';
import { expect } from 'chai';
import { rootStream } from '../../../../protocol/numerics/random.js';
import { CONVOLUTION_GRADIENTS, convolutionGradients } from '../../../../worker/device/convolution-gradients.js';
import { openDevice } from '../../../../worker/device/device.js';
import { gradientDifference } from '../../../../worker/device/gradient-difference.js';
import { registerHeapBackend } from '../../../../worker/device/simd/heap-backend.js';
import { openHeapModule } from '../../../../worker/device/simd/heap-module.js';
import { simdMultiply } from '../../../../worker/device/simd/multiply.js';

interface Shape {
  readonly images: readonly [examples: number, height: number, width: number, channels: number];
  readonly filters: number;
  readonly pad: 'same' | 'valid';
}

/** Sides that are no multiples of a tile, more tiles than one pass takes, different paddings and channels. */
const SHAPES: readonly Shape[] = [
  { images: [2, 22, 22, 48], filters: 48, pad: 'valid' },
  { images: [2, 9, 13, 16], filters: 20, pad: 'same' },
  { images: [1, 11, 10, 48], filters: 16, pad: 'valid' },
  { images: [1, 8, 8, 132], filters: 132, pad: 'same' },
];

const drawn = (length: number, name: string) => rootStream(3, 'float32').derive(name).normal(length) as Float32Array;

const tensorOf = (shape: readonly number[], name: string) =>
  tf.tensor(
    drawn(
      shape.reduce((size, one) => size * one, 1),
      name,
    ),
    [...shape] as [number],
  ) as tf.Tensor;

/** The convolution with bias and relu, its gradient by the images, and that by the filter. */
async function convolvedOn(device: string, shape: Shape): Promise<readonly Float32Array[]> {
  await openDevice(device);
  return convolved(shape);
}

function convolved({ images, filters, pad }: Shape): readonly Float32Array[] {
  const [examples, height, width, channels] = images;
  const outputs = pad === 'same' ? [height, width] : [height - 2, width - 2];
  const x = tensorOf(images, 'images') as tf.Tensor4D;
  const filter = tensorOf([3, 3, channels, filters], 'filter') as tf.Tensor4D;
  const dy = tensorOf([examples, ...outputs, filters], 'outputs');
  const bias = tensorOf([filters], 'bias');
  const how = { strides: 1, pad, dataFormat: 'NHWC' } as const;
  const gradient = (kernel: string, inputs: Record<string, tf.Tensor>, attributes: object) =>
    tf.engine().runKernel(kernel, inputs as never, { ...how, ...attributes } as never) as tf.Tensor;
  return [
    tf.fused.conv2d({ x, filter, bias, activation: 'relu', ...how }),
    gradient('Conv2DBackpropInput', { dy, filter }, { inputShape: x.shape }),
    gradient('Conv2DBackpropFilter', { x, dy }, { filterShape: filter.shape }),
  ].map((one) => one.dataSync() as Float32Array);
}

describe('worker/device/simd/tiled-convolution', () => {
  for (const shape of SHAPES)
    it(`images ${shape.images}, ${shape.filters} filters of 3 x 3, ${shape.pad}: within 2e-5 of the largest number of plain JavaScript`, async () => {
      const expected = await convolvedOn('cpu', shape);
      for (const device of ['simd', 'simd-relaxed'])
        for (const [i, values] of (await convolvedOn(device, shape)).entries())
          expect(gradientDifference(values, expected[i]!)).to.be.below(2e-5);
    });

  it('has these bits on every machine', async () => {
    const hash = createHash('sha256');
    for (const values of await convolvedOn('simd', SHAPES[1]!)) hash.update(new Uint8Array(values.slice().buffer));
    expect(hash.digest('hex').slice(0, 16)).to.equal('a5b53ec7bf3a917d');
  });

  for (const device of ['simd', 'simd-relaxed'])
    it(`${device}: both gradients at once have the bits of one after the other, in tiles and in patches`, async () => {
      await openDevice(device);
      const how = { strides: 1, dataFormat: 'NHWC' } as const;
      for (const { images, filters, pad } of [...SHAPES, { images: [2, 7, 6, 3], filters: 5, pad: 'same' } as const]) {
        const [, , , channels] = images;
        const x = tensorOf(images, 'images');
        const filter = tensorOf([3, 3, channels, filters], 'filter');
        const size = pad === 'same' ? images.slice(1, 3) : images.slice(1, 3).map((side) => side - 2);
        const dy = tensorOf([images[0], ...size, filters], 'outputs');
        expect(tf.getKernel(CONVOLUTION_GRADIENTS, device)).not.to.equal(undefined);
        const both = convolutionGradients({ x, filter, dy }, { ...how, pad }, true, true);
        const [byImages] = convolutionGradients({ x, filter, dy }, { ...how, pad }, true, false);
        const [, byFilter] = convolutionGradients({ x, filter, dy }, { ...how, pad }, false, true);
        expect(both.map((one) => one!.dataSync())).to.deep.equal([byImages!.dataSync(), byFilter!.dataSync()]);
      }
    });

  it('fewer tiles in a pass forward change no bits', async () => {
    for (const shape of SHAPES) {
      const expected = await convolvedOn('simd', shape);
      const backend = tf.backend() as BackendWasm;
      const module = openHeapModule(backend, false);
      const options = { direct: true, forwardNumbers: 1 };
      registerHeapBackend('few-tiles', backend, module, simdMultiply(backend, module), options);
      await tf.setBackend('few-tiles');
      expect(convolved(shape)).to.deep.equal(expected);
    }
  });

  it('an image that fills less than half of its tiles is a product of patches: the sums of plain JavaScript', async () => {
    const shape: Shape = { images: [2, 33, 2, 16], filters: 16, pad: 'same' };
    const [expected, got] = [await convolvedOn('cpu', shape), await convolvedOn('simd', shape)];
    expect(gradientDifference(got[0]!, expected[0]!)).to.be.below(1e-6);
  });
});
