import type { BackendWasm } from '@tensorflow/tfjs-backend-wasm';
import type {
  BatchMatMulAttrs,
  Conv2DBackpropFilterAttrs,
  Conv2DBackpropInputAttrs,
  KernelFunc,
  TensorInfo,
} from '@tensorflow/tfjs-core';
import { contiguousSlice, heapView, maxPoolGrad, product, unsortedSegmentSum } from './heap-kernels.js';
import { tf } from './tensorflow.js';

const { backend_util, getKernel, registerKernel, unregisterKernel } = tf;

/**
 * Kernels that the stock wasm backend (4.22.0) lacks, has only slowly or has wrong. Measured on an MLP: 3.5 to 6 times the steps
 * a second; convolutional networks cannot be trained there without them.
 */

type Attributes = Record<string, unknown>;

/** Runs a stock wasm kernel on bare tensor infos; the caller disposes of the result. */
function runStock(
  backend: BackendWasm,
  name: string,
  inputs: Record<string, TensorInfo>,
  attrs: Attributes,
): TensorInfo {
  return getKernel(name, 'wasm').kernelFunc({ inputs, backend, attrs: attrs as never }) as TensorInfo;
}

function transposed(backend: BackendWasm, x: TensorInfo, perm: readonly number[]): TensorInfo {
  return runStock(backend, 'Transpose', { x }, { perm });
}

/** The last two axes exchanged. */
function swapLastAxes(backend: BackendWasm, x: TensorInfo): TensorInfo {
  const perm = x.shape.map((_, axis) => axis);
  const rank = perm.length;
  perm[rank - 1] = rank - 2;
  perm[rank - 2] = rank - 1;
  return transposed(backend, x, perm);
}

/**
 * The stock kernel is fast only for one product of two untransposed matrices. Operands are transposed first and batches
 * multiplied one by one; a matrix-vector product stays as it is, because copying the matrix costs more than reading it askew.
 */
function batchMatMul(stock: KernelFunc): KernelFunc {
  return (args) => {
    const { a, b } = args.inputs as { a: TensorInfo; b: TensorInfo };
    const attrs = args.attrs as unknown as BatchMatMulAttrs;
    const backend = args.backend as BackendWasm;
    const batchA = product(a.shape.slice(0, -2));
    const batchB = product(b.shape.slice(0, -2));
    const columns = b.shape[b.shape.length - (attrs.transposeB ? 2 : 1)]!;
    const single = batchA === 1 && batchB === 1;
    if (columns === 1 || (single && !attrs.transposeA && !attrs.transposeB)) return stock(args);
    const left = attrs.transposeA ? swapLastAxes(backend, a) : a;
    const right = attrs.transposeB ? swapLastAxes(backend, b) : b;
    const multiply = (x: TensorInfo, y: TensorInfo) =>
      stock({ inputs: { a: x, b: y }, backend, attrs: { transposeA: false, transposeB: false } }) as TensorInfo;
    const result = single ? multiply(left, right) : multiplyBatches(backend, left, right, multiply);
    if (left !== a) backend.disposeData(left.dataId);
    if (right !== b) backend.disposeData(right.dataId);
    return result;
  };
}

function multiplyBatches(
  backend: BackendWasm,
  left: TensorInfo,
  right: TensorInfo,
  multiply: (x: TensorInfo, y: TensorInfo) => TensorInfo,
): TensorInfo {
  const [rows, inner] = left.shape.slice(-2) as [number, number];
  const columns = right.shape[right.shape.length - 1]!;
  const batchA = product(left.shape.slice(0, -2));
  const batchB = product(right.shape.slice(0, -2));
  const outer = backend_util.assertAndGetBroadcastShape(left.shape.slice(0, -2), right.shape.slice(0, -2));
  const batches = Math.max(batchA, batchB);
  if (product(outer) !== batches)
    throw new RangeError(`matMul: batches of shape ${left.shape} and ${right.shape} cannot be broadcast here`);
  const out = backend.makeOutput([...outer, rows, columns], 'float32');
  for (let i = 0; i < batches; i++) {
    const x = matrixAt(backend, left, batchA === 1 ? 0 : i, rows, inner);
    const y = matrixAt(backend, right, batchB === 1 ? 0 : i, inner, columns);
    const z = multiply(x, y);
    // Both views are taken after the last allocation: growing the memory detaches older ones.
    heapView(backend, out).set(heapView(backend, z), i * rows * columns);
    for (const info of [x, y, z]) backend.disposeData(info.dataId);
  }
  return out;
}

function matrixAt(backend: BackendWasm, x: TensorInfo, index: number, rows: number, columns: number): TensorInfo {
  const matrix = backend.makeOutput([rows, columns], 'float32');
  const start = index * rows * columns;
  heapView(backend, matrix).set(heapView(backend, x).subarray(start, start + rows * columns));
  return matrix;
}

/**
 * The filter gradient as a convolution: with batch and channel exchanged, the input is convolved with the output's gradient,
 * whose taps lie `stride` apart. The result is larger than the kernel where the stride leaves a remainder, and is cut.
 */
const conv2DBackpropFilter: KernelFunc = (args) => {
  const { x, dy } = args.inputs as { x: TensorInfo; dy: TensorInfo };
  const { strides, pad, dimRoundingMode, dataFormat, filterShape } = args.attrs as unknown as Conv2DBackpropFilterAttrs;
  const backend = args.backend as BackendWasm;
  if (dataFormat !== 'NHWC') throw new RangeError(`Conv2DBackpropFilter: expected data format NHWC, got ${dataFormat}`);
  const { padInfo, strideHeight, strideWidth } = backend_util.computeConv2DInfo(
    x.shape as [number, number, number, number],
    filterShape,
    strides,
    1,
    pad,
    dimRoundingMode,
  );
  const image = transposed(backend, x, [3, 1, 2, 0]);
  const filter = transposed(backend, dy, [1, 2, 0, 3]);
  const { top, bottom, left, right } = padInfo;
  const convolved = runStock(
    backend,
    'Conv2D',
    { x: image, filter },
    {
      strides: [1, 1],
      dilations: [strideHeight, strideWidth],
      dataFormat: 'NHWC',
      pad: [
        [0, 0],
        [top, bottom],
        [left, right],
        [0, 0],
      ],
    },
  );
  const [height, width, inputChannels, outputChannels] = filterShape;
  const exact = convolved.shape[1] === height && convolved.shape[2] === width;
  const cut = exact
    ? convolved
    : runStock(
        backend,
        'Slice',
        { x: convolved },
        { begin: [0, 0, 0, 0], size: [inputChannels, height, width, outputChannels] },
      );
  const result = transposed(backend, cut, [1, 2, 0, 3]);
  for (const info of exact ? [image, filter, convolved] : [image, filter, convolved, cut])
    backend.disposeData(info.dataId);
  return result;
};

/**
 * The input gradient as a convolution of the output's gradient with the kernel turned round: five times the stock kernel's
 * speed. A stride above 1 would need zeros between the gradients, and keeps the stock kernel.
 */
function conv2DBackpropInput(stock: KernelFunc): KernelFunc {
  return (args) => {
    const { dy, filter } = args.inputs as { dy: TensorInfo; filter: TensorInfo };
    const { strides, pad, dataFormat, dimRoundingMode, inputShape } = args.attrs as unknown as Conv2DBackpropInputAttrs;
    const backend = args.backend as BackendWasm;
    const [height, width] = filter.shape as [number, number, number, number];
    const filterShape = filter.shape as [number, number, number, number];
    const { padInfo, strideHeight, strideWidth } = backend_util.computeConv2DInfo(
      inputShape,
      filterShape,
      strides,
      1,
      pad,
      dimRoundingMode,
    );
    const { top, bottom, left, right } = padInfo;
    // A padding wider than the kernel would have to be cut off instead of added.
    const plain =
      strideHeight === 1 && strideWidth === 1 && Math.max(top, bottom) < height && Math.max(left, right) < width;
    if (!plain || dataFormat !== 'NHWC') return stock(args);
    const turned = runStock(backend, 'Reverse', { x: filter }, { dims: [0, 1] });
    const exchanged = transposed(backend, turned, [0, 1, 3, 2]);
    const rows: [number, number] = [height - 1 - top, height - 1 - bottom];
    const columns: [number, number] = [width - 1 - left, width - 1 - right];
    const result = runStock(
      backend,
      'Conv2D',
      { x: dy, filter: exchanged },
      { strides: [1, 1], dilations: [1, 1], dataFormat: 'NHWC', pad: [[0, 0], rows, columns, [0, 0]] },
    );
    for (const info of [turned, exchanged]) backend.disposeData(info.dataId);
    return result;
  };
}

let installed = false;

/** Registers them for the wasm backend, which must be ready. Once a process. */
export function installWasmKernels(): void {
  if (installed) return;
  installed = true;
  const stock = (name: string) => getKernel(name, 'wasm').kernelFunc;
  const kernels: readonly (readonly [name: string, kernel: KernelFunc])[] = [
    ['BatchMatMul', batchMatMul(stock('BatchMatMul'))],
    ['Conv2DBackpropFilter', conv2DBackpropFilter],
    ['Conv2DBackpropInput', conv2DBackpropInput(stock('Conv2DBackpropInput'))],
    ['MaxPoolGrad', maxPoolGrad],
    ['Slice', contiguousSlice(stock('Slice'))],
    ['UnsortedSegmentSum', unsortedSegmentSum],
  ];
  for (const [kernelName, kernelFunc] of kernels) {
    if (getKernel(kernelName, 'wasm')) unregisterKernel(kernelName, 'wasm');
    registerKernel({ kernelName, backendName: 'wasm', kernelFunc });
  }
}
