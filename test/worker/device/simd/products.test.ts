import { createHash } from 'node:crypto';
import * as tf from '@tensorflow/tfjs-core';
import { expect } from 'chai';
import { rootStream } from '../../../../protocol/numerics/random.js';
import { indices, syntheticDataset } from '../../../../scenarios/check/parts/synthetic-dataset.js';
import { type BundledDevices, findAccelerators, openDevice } from '../../../../worker/device/device.js';
import { createObjectiveFamily } from '../../../../worker/objectives/objectives.js';

function drawn(shape: readonly number[]): tf.Tensor {
  let state = 7;
  const size = shape.reduce((product, length) => product * length, 1);
  const values = Float32Array.from({ length: size }, () => {
    state = (state * 1103515245 + 12345) % 2147483648;
    return state / 1073741824 - 1;
  });
  return tf.tensor(values, [...shape] as [number]);
}

/** Of float32 numbers, byte by byte. */
function digestOf(values: Float32Array): string {
  return createHash('sha256')
    .update(new Uint8Array(values.buffer, values.byteOffset, values.byteLength))
    .digest('hex')
    .slice(0, 16);
}

describe('worker/device/simd', () => {
  // Few rows and many, B in whole panels and not, each operand transposed.
  for (const [rows, depth, columns, transposeA, transposeB] of [
    [5, 600, 20, false, false],
    [5, 600, 32, false, false],
    [10, 300, 48, true, true],
    [131, 300, 48, true, false],
    [140, 70, 21, false, true],
    [13, 16, 17, false, false],
    // A small B is read where it lies, for one block of rows and for several.
    [40, 50, 32, true, false],
    [140, 30, 48, false, false],
  ] as const)
    it(`the bits of a product ${rows} x ${depth} x ${columns}${transposeA ? ', first transposed' : ''}${transposeB ? ', second transposed' : ''} are those of its definition: sums in order, 256 steps at a time, each product rounded`, async () => {
      await openDevice('simd');
      const a = drawn(transposeA ? [depth, rows] : [rows, depth]) as tf.Tensor2D;
      const b = drawn(transposeB ? [columns, depth] : [depth, columns]) as tf.Tensor2D;
      const got = tf.matMul(a, b, transposeA, transposeB).dataSync();
      const [x, y] = [a.dataSync(), b.dataSync()];
      const { fround } = Math;
      for (let i = 0; i < rows; i++)
        for (let j = 0; j < columns; j++) {
          let total = 0;
          for (let from = 0; from < depth; from += 256) {
            let sum = 0;
            for (let k = from; k < Math.min(depth, from + 256); k++) {
              const left = x[transposeA ? k * rows + i : i * depth + k]!;
              const right = y[transposeB ? j * depth + k : k * columns + j]!;
              sum = fround(sum + fround(left * right));
            }
            total = from === 0 ? sum : fround(total + sum);
          }
          if (got[i * columns + j] !== total) expect(got[i * columns + j], `${i}, ${j}`).to.equal(total);
        }
    });

  it('a gradient of a convolutional network has these bits on every machine', async () => {
    const dataset = syntheticDataset({ featureShape: [9, 9, 2], classCount: 3 });
    const layers = [
      { name: 'convolution', filters: 7, stride: 2 },
      { name: 'relu' },
      { name: 'max-pooling' },
      { name: 'flatten' },
      { name: 'dense', units: null },
    ];
    const rng = rootStream(1, 'float32');
    const request = {
      objective: { name: 'layers', layers },
      dataset,
      clientCount: 1,
      precision: 'float32' as const,
      rng,
    };
    const family = await createObjectiveFamily({ ...request, device: 'simd' });
    const gradient = await family
      .shard(indices(8))
      .gradient(family.initialParams(rootStream(1, 'float32')), indices(8));
    expect(digestOf(gradient as Float32Array)).to.equal('e2afff2cd4c97822');
  });

  it('is found where a package is installed, and else for a choice that is asked for', async () => {
    const names = async (
      packages: Record<string, () => Record<string, unknown>>,
      bundled: BundledDevices = 'beside those that are installed',
    ) => {
      const { loadInstalled } = await import('../../../../worker/device/candidate.js');
      const load = async (name: string) => {
        if (packages[name]) return packages[name]();
        if (/tfjs-node|webgpu|koffi/.test(name)) throw new Error(`absent (package ${name} is not installed)`);
        return loadInstalled(name);
      };
      return (await findAccelerators(bundled, load)).flatMap(({ name, problem }) => (problem === null ? [name] : []));
    };
    expect(await names({})).to.deep.equal([]);
    expect(await names({}, 'always')).to.deep.equal(['simd', 'simd-relaxed']);
    tf.copyRegisteredKernels('cpu', 'tensorflow');
    const { MathBackendCPU } = await import('@tensorflow/tfjs-backend-cpu');
    const tensorflow = () => {
      tf.registerBackend('tensorflow', () => new MathBackendCPU() as never, 3);
      return {};
    };
    expect(await names({ '@tensorflow/tfjs-node': tensorflow })).to.deep.equal(['tfjs-node', 'simd', 'simd-relaxed']);
    tf.removeBackend('tensorflow');
  });

  it('and wasm keep their own bits when they take turns in a process', async () => {
    const productOn = async (device: string) => {
      await openDevice(device);
      return digestOf(
        tf.matMul(drawn([40, 700]) as tf.Tensor2D, drawn([700, 30]) as tf.Tensor2D).dataSync() as Float32Array,
      );
    };
    const [wasm, simd] = [await productOn('wasm'), await productOn('simd')];
    expect([await productOn('wasm'), await productOn('simd')]).to.deep.equal([wasm, simd]);
  });
});
