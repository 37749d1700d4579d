import type { BackendWasm } from '@tensorflow/tfjs-backend-wasm';
import type { _FusedMatMulAttrs, BatchMatMulAttrs, KernelFunc, SumAttrs, TensorInfo } from '@tensorflow/tfjs-core';
import { product } from '../heap-kernels.js';
import { tf } from '../tensorflow.js';
import type { HeapModule } from './heap-module.js';
import type { Multiply } from './multiply.js';

const { backend_util } = tf;

/** Activations that a product's own loop applies. */
const FUSED: ReadonlySet<string | null | undefined> = new Set([null, undefined, 'linear', 'relu']);

export function isFused(activation: string | null | undefined): boolean {
  return FUSED.has(activation);
}

export function addressOf(backend: BackendWasm, { dataId }: TensorInfo): number {
  return backend.getMemoryOffset(dataId);
}

/** Products of matrices, batch by batch; batches of one are broadcast. `bias` [columns] is added, then relu. */
function multiplyBatches(
  backend: BackendWasm,
  multiply: Multiply,
  a: TensorInfo,
  b: TensorInfo,
  { transposeA, transposeB }: BatchMatMulAttrs,
  bias: TensorInfo | undefined,
  relu: boolean,
): TensorInfo {
  const [rankA, rankB] = [a.shape.length, b.shape.length];
  const rows = a.shape[rankA - (transposeA ? 1 : 2)]!;
  const depth = a.shape[rankA - (transposeA ? 2 : 1)]!;
  const columns = b.shape[rankB - (transposeB ? 2 : 1)]!;
  const [outerA, outerB] = [a.shape.slice(0, -2), b.shape.slice(0, -2)];
  const [batchA, batchB] = [product(outerA), product(outerB)];
  const outer = backend_util.assertAndGetBroadcastShape(outerA, outerB);
  const batches = Math.max(batchA, batchB);
  if (product(outer) !== batches)
    throw new RangeError(`matMul: batches of shape ${a.shape} and ${b.shape} cannot be broadcast here`);
  const out = backend.makeOutput([...outer, rows, columns], 'float32');
  const at = (info: TensorInfo, size: number, i: number) => addressOf(backend, info) + 4 * size * i;
  for (let i = 0; i < batches; i++)
    multiply({
      a: at(a, rows * depth, batchA === 1 ? 0 : i),
      transposeA,
      b: at(b, depth * columns, batchB === 1 ? 0 : i),
      transposeB,
      c: at(out, rows * columns, i),
      rows,
      columns,
      depth,
      bias: bias ? addressOf(backend, bias) : 0,
      relu,
      adds: false,
    });
  return out;
}

export function batchMatMul(multiply: Multiply): KernelFunc {
  return (args) => {
    const { a, b } = args.inputs as { a: TensorInfo; b: TensorInfo };
    const attributes = args.attrs as unknown as BatchMatMulAttrs;
    return multiplyBatches(args.backend as BackendWasm, multiply, a, b, attributes, undefined, false);
  };
}

/** Other activations than relu keep the stock kernel. */
export function fusedMatMul(multiply: Multiply, stock: KernelFunc): KernelFunc {
  return (args) => {
    const { a, b, bias } = args.inputs as { a: TensorInfo; b: TensorInfo; bias?: TensorInfo };
    const attributes = args.attrs as unknown as _FusedMatMulAttrs;
    if (!isFused(attributes.activation)) return stock(args);
    const relu = attributes.activation === 'relu';
    return multiplyBatches(args.backend as BackendWasm, multiply, a, b, attributes, bias, relu);
  };
}

/** `dy` times the slope of relu, from its values `y`, in one pass. */
export function reluGradient(module: HeapModule): KernelFunc {
  return (args) => {
    const { dy, y } = args.inputs as { dy: TensorInfo; y: TensorInfo };
    const backend = args.backend as BackendWasm;
    const out = backend.makeOutput(y.shape, 'float32');
    const [into, derivatives, values] = [out, dy, y].map((info) => addressOf(backend, info)) as [
      number,
      number,
      number,
    ];
    module.reluGradient(into, derivatives, values, product(y.shape));
    return out;
  };
}

/** Sums over the first axis of a matrix, such as the gradient of a bias; the stock kernel transposes first. */
export function columnSums(module: HeapModule, stock: KernelFunc): KernelFunc {
  return (args) => {
    const { x } = args.inputs as { x: TensorInfo };
    const { axis, keepDims } = args.attrs as unknown as SumAttrs;
    const axes = [axis].flat();
    const isColumns = x.dtype === 'float32' && x.shape.length === 2 && axes.length === 1 && axes[0] === 0;
    if (!isColumns || keepDims) return stock(args);
    const backend = args.backend as BackendWasm;
    const [rows, columns] = x.shape as [number, number];
    const out = backend.makeOutput([columns], 'float32');
    module.columnSums(addressOf(backend, out), addressOf(backend, x), rows, columns);
    return out;
  };
}
