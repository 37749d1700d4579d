import type { BackendWasm } from '@tensorflow/tfjs-backend-wasm';
import * as tf from '@tensorflow/tfjs-core';
import { expect } from 'chai';
import { rootStream } from '../../../../protocol/numerics/random.js';
import { openDevice } from '../../../../worker/device/device.js';
import type { Convolution, ConvolutionAlgorithm } from '../../../../worker/device/simd/convolution-algorithm.js';
import { DirectConvolution, isDirect } from '../../../../worker/device/simd/direct-convolution.js';
import { openHeapModule } from '../../../../worker/device/simd/heap-module.js';
import { simdMultiply } from '../../../../worker/device/simd/multiply.js';
import { PatchConvolution } from '../../../../worker/device/simd/patch-convolution.js';

type Pad = 'same' | 'valid';
type Shape = readonly [
  ...images: [examples: number, height: number, width: number, channels: number],
  ...kernel: [height: number, width: number, filters: number],
  pad: Pad,
];

/** One to three images; wide and narrow panels, whole and cut; odd widths; more places than one sum takes; kernels wider than the image. */
const SHAPES: readonly Shape[] = [
  [2, 28, 28, 1, 5, 5, 6, 'same'],
  [3, 14, 14, 6, 5, 5, 16, 'same'],
  [1, 9, 11, 3, 3, 3, 32, 'valid'],
  [2, 7, 9, 2, 3, 2, 5, 'valid'],
  [3, 5, 3, 16, 3, 5, 17, 'same'],
  [1, 40, 41, 4, 2, 4, 23, 'same'],
  [2, 3, 2, 5, 7, 7, 9, 'same'],
];

const drawn = (length: number, name: string) => rootStream(13, 'float32').derive(name).normal(length) as Float32Array;

const bitsOf = (values: Float32Array) => [...new Uint32Array(values.slice().buffer)];

/** The convolution with and without bias and relu, its gradient by the filter, and that by the images. */
function convolvedBy(
  algorithm: ConvolutionAlgorithm,
  backend: BackendWasm,
  shape: Convolution,
  [x, filter, bias, dy]: readonly tf.Tensor[],
): readonly (readonly number[])[] {
  const at = (info: { readonly dataId: object }) => backend.getMemoryOffset(info.dataId);
  const into = (sizes: readonly number[], use: (to: number) => void) => {
    const out = backend.makeOutput([...sizes], 'float32');
    use(at(out));
    return bitsOf(backend.typedArrayFromHeap(out) as Float32Array);
  };
  return [
    into(shape.outShape, (y) => algorithm.forward(shape, at(x!), at(filter!), y, at(bias!), true)),
    into(shape.outShape, (y) => algorithm.forward(shape, at(x!), at(filter!), y, 0, false)),
    into(shape.filterShape, (to) => algorithm.filterGradient(shape, at(x!), at(dy!), to)),
    into(shape.inShape, (to) => algorithm.inputGradient(shape, at(dy!), at(filter!), to)),
  ];
}

describe('worker/device/simd/direct-convolution', () => {
  for (const relaxed of [false, true])
    for (const [examples, height, width, channels, high, wide, filters, pad] of SHAPES)
      it(`${relaxed ? 'relaxed, ' : ''}images ${[examples, height, width, channels]}, ${filters} filters of ${high} x ${wide}, ${pad}: the bits of products of patches, also of derivatives that are no numbers`, async () => {
        await openDevice(relaxed ? 'simd-relaxed' : 'simd');
        const backend = tf.backend() as BackendWasm;
        const module = openHeapModule(backend, relaxed);
        const shape = tf.backend_util.computeConv2DInfo(
          [examples, height, width, channels],
          [high, wide, channels, filters],
          1,
          1,
          pad,
        );
        expect(isDirect(shape)).to.equal(true);
        const sizes = [shape.inShape, shape.filterShape, [filters], shape.outShape];
        const names = ['images', 'filter', 'bias', 'derivatives'];
        const operands = sizes.map((size, i) => {
          const values = drawn(tf.util.sizeFromShape(size), names[i]!);
          if (names[i] === 'derivatives') values[values.length >> 1] = Number.POSITIVE_INFINITY;
          return tf.tensor(values, size);
        });
        const [direct, patches] = [
          new DirectConvolution(backend, module),
          new PatchConvolution(backend, module, simdMultiply(backend, module)),
        ].map((algorithm) => convolvedBy(algorithm, backend, shape, operands));
        expect(direct).to.deep.equal(patches);
      });
});
