import type { ReadonlyVector, Vector } from '../../../../protocol/method.js';
import { moduleMemoryOf } from '../../../datasets/feature-room.js';
import {
  ACTIVATIONS,
  type Activation,
  type DenseLoops,
  type DenseSizes,
  type ExampleBlock,
  PLAIN_LOOPS,
} from '../dense-loops.js';
import type { ExampleTrace } from '../example-trace.js';
import module from './dense.wasm.js';
import { type BlockKernels, blockBytes, exampleBlock } from './example-blocks.js';

/** Below so many parameters the copies into the module's memory cost more than its loops save. */
const FEWEST_PARAMETERS = 16;
const PAGE_BYTES = 65536;

/** What assembly/dense.ts exports. Addresses are bytes. */
interface Kernels extends BlockKernels {
  readonly memory: WebAssembly.Memory;
  listInputs(row: number, features: number, outputs: number, bases: number, values: number): number;
  affine32: Affine;
  affine64: Affine;
  addOuter(
    sums: number,
    bases: number,
    values: number,
    count: number,
    delta: number,
    outputs: number,
    bias: number,
    weight: number,
    scaled: number,
  ): void;
  backpropagate32: Backpropagate;
  backpropagate64: Backpropagate;
  addSoftmaxRow32: SoftmaxRow;
  addSoftmaxRow64: SoftmaxRow;
  step32: Step;
  step64: Step;
  mean32: Mean;
  mean64: Mean;
  allFinite32(params: number, n: number): number;
  allFinite64(params: number, n: number): number;
  softmax(into: number, z: number, n: number): number;
  activate(kind: number, z: number, h: number, slopes: number, n: number): void;
}
type SoftmaxRow = (
  sums: number,
  params: number,
  row: number,
  features: number,
  outputs: number,
  label: number,
  bias: number,
  bases: number,
  values: number,
  z: number,
  delta: number,
) => void;
type Step = (params: number, sums: number, n: number, share: number, l2: number, rate: number) => void;
type Mean = (into: number, sums: number, params: number, n: number, share: number, l2: number) => void;
type Affine = (
  z: number,
  outputs: number,
  params: number,
  bases: number,
  values: number,
  count: number,
  bias: number,
) => void;
type Backpropagate = (into: number, inputs: number, weights: number, delta: number, outputs: number) => void;

/** Room for parameters of either precision. */
interface Place {
  readonly single: Float32Array;
  readonly double: Float64Array;
}

/**
 * One instance a network: its memory holds the network's arrays, and the features where they were given room in a module's, and never
 * grows after it is made, so views of it stay.
 */
class SimdLoops implements DenseLoops {
  readonly block: ExampleBlock | null;
  private readonly places: readonly Place[];
  private readonly buffer: ArrayBuffer;
  private readonly row: Float32Array;
  private readonly scaled: Float64Array;
  /** Room for a mean before it is copied out. */
  private readonly rounded: Place;

  constructor(
    private readonly kernels: Kernels,
    /** The address of the next array. */
    private at: number,
    { features, parameterCount, widest, linearOutputs }: DenseSizes,
  ) {
    this.buffer = kernels.memory.buffer;
    const place = (): Place => {
      const double = this.float64(parameterCount);
      return { double, single: new Float32Array(double.buffer, double.byteOffset, parameterCount) };
    };
    this.places = [place(), place()];
    this.row = new Float32Array(this.buffer, this.take(4 * features), features);
    this.block =
      linearOutputs === null ? null : exampleBlock(kernels, (length) => this.float64(length), features, linearOutputs);
    this.scaled = this.float64(widest);
    this.rounded = place();
  }

  /** Bytes that the constructor takes. */
  static ownBytes({ features, parameterCount, widest, linearOutputs }: DenseSizes): number {
    const ofBlock = linearOutputs === null ? 0 : blockBytes(features, linearOutputs);
    return 24 * parameterCount + 4 * features + 8 * widest + ofBlock + 8 * ALIGNMENT;
  }

  private take(bytes: number): number {
    const start = this.at;
    this.at += (bytes + ALIGNMENT - 1) & -ALIGNMENT;
    return start;
  }

  float64(length: number): Float64Array {
    return new Float64Array(this.buffer, this.take(8 * length), length);
  }

  int32(length: number): Int32Array {
    return new Int32Array(this.buffer, this.take(4 * length), length);
  }

  resident(params: ReadonlyVector, place: 0 | 1): Vector {
    const { single, double } = this.places[place]!;
    const copy = params.BYTES_PER_ELEMENT === 4 ? single : double;
    copy.set(params as Vector);
    return copy;
  }

  addressOf(features: Float32Array): number {
    return features.buffer === this.buffer ? features.byteOffset : -1;
  }

  /** The address of a row, which is copied where it lies elsewhere. */
  private addressOfRow(row: Float32Array): number {
    const address = this.addressOf(row);
    if (address >= 0) return address;
    this.row.set(row);
    return this.row.byteOffset;
  }

  listInputs(row: Float32Array, outputs: number, bases: Int32Array, values: Float64Array): number {
    return this.kernels.listInputs(this.addressOfRow(row), row.length, outputs, bases.byteOffset, values.byteOffset);
  }

  affineInto(
    z: Float64Array,
    params: ReadonlyVector,
    bases: Int32Array,
    values: Float64Array,
    count: number,
    biasOffset: number,
  ): void {
    const { affine32, affine64 } = this.kernels;
    const affine = params.BYTES_PER_ELEMENT === 4 ? affine32 : affine64;
    affine(
      z.byteOffset,
      z.length,
      (params as Vector).byteOffset,
      bases.byteOffset,
      values.byteOffset,
      count,
      biasOffset,
    );
  }

  addOuter(
    sums: Float64Array,
    bases: Int32Array,
    values: Float64Array,
    count: number,
    delta: Float64Array,
    biasOffset: number,
    weight: number,
  ): void {
    this.kernels.addOuter(
      sums.byteOffset,
      bases.byteOffset,
      values.byteOffset,
      count,
      delta.byteOffset,
      delta.length,
      biasOffset,
      weight,
      this.scaled.byteOffset,
    );
  }

  backpropagateInto(into: Float64Array, params: ReadonlyVector, offset: number, delta: Float64Array): void {
    const { backpropagate32, backpropagate64 } = this.kernels;
    const size = params.BYTES_PER_ELEMENT;
    const backpropagate = size === 4 ? backpropagate32 : backpropagate64;
    const weights = (params as Vector).byteOffset + size * offset;
    backpropagate(into.byteOffset, into.length, weights, delta.byteOffset, delta.length);
  }

  allFinite(params: ReadonlyVector): boolean {
    const { allFinite32, allFinite64 } = this.kernels;
    const test = params.BYTES_PER_ELEMENT === 4 ? allFinite32 : allFinite64;
    return test((params as Vector).byteOffset, params.length) !== 0;
  }

  softmaxInto(into: Float64Array, outputs: Float64Array): number {
    return this.kernels.softmax(into.byteOffset, outputs.byteOffset, outputs.length);
  }

  activate(activation: Activation, z: Float64Array, into: Float64Array, slopes: Float64Array): void {
    const kind = ACTIVATIONS.indexOf(activation);
    this.kernels.activate(kind, z.byteOffset, into.byteOffset, slopes.byteOffset, z.length);
  }

  addSoftmaxGradient(
    sums: Float64Array,
    params: ReadonlyVector,
    row: Float32Array,
    label: number,
    biasOffset: number,
    { bases, values, preactivations, deltas }: ExampleTrace,
  ): void {
    const { addSoftmaxRow32, addSoftmaxRow64 } = this.kernels;
    const add = params.BYTES_PER_ELEMENT === 4 ? addSoftmaxRow32 : addSoftmaxRow64;
    const delta = deltas[0]!;
    add(
      sums.byteOffset,
      (params as Vector).byteOffset,
      this.addressOfRow(row),
      row.length,
      delta.length,
      label,
      biasOffset,
      bases[0]!.byteOffset,
      values[0]!.byteOffset,
      preactivations[0]!.byteOffset,
      delta.byteOffset,
    );
  }

  mean(into: Vector, sums: Float64Array, params: ReadonlyVector, share: number, l2: number): void {
    const { rounded, kernels } = this;
    const single = into.BYTES_PER_ELEMENT === 4;
    if (into.BYTES_PER_ELEMENT !== params.BYTES_PER_ELEMENT) {
      PLAIN_LOOPS.mean(into, sums, params, share, l2);
      return;
    }
    const result = single ? rounded.single : rounded.double;
    const mean = single ? kernels.mean32 : kernels.mean64;
    mean(result.byteOffset, sums.byteOffset, (params as Vector).byteOffset, sums.length, share, l2);
    into.set(result);
  }

  step(params: Vector, sums: Float64Array, share: number, l2: number, rate: number): void {
    const { step32, step64 } = this.kernels;
    const step = params.BYTES_PER_ELEMENT === 4 ? step32 : step64;
    step(params.byteOffset, sums.byteOffset, sums.length, share, l2, rate);
  }
}

const ALIGNMENT = 16;

let compiled: WebAssembly.Module | null | undefined;
let enabled = true;

/** For tests and measurements: false makes networks built from now on take their plain loops. */
export function useDenseSimd(use: boolean): void {
  enabled = use;
}

/**
 * Null where there is no SIMD, no memory for it, or the network is too small to gain. `features`: what the network reads most; where they
 * lie in a module's memory, the loops work there too.
 */
export function openSimdLoops(sizes: DenseSizes, features: Float32Array | null = null): DenseLoops | null {
  if (!enabled || module === '' || sizes.parameterCount < FEWEST_PARAMETERS) return null;
  try {
    compiled ??= new WebAssembly.Module(Uint8Array.from(atob(module), (letter) => letter.charCodeAt(0)));
    const bytes = sizes.arrayBytes + SimdLoops.ownBytes(sizes);
    const theirs = features && moduleMemoryOf(features);
    const start = theirs?.take(bytes) ?? null;
    // Constants take less than a page.
    const memory =
      theirs && start !== null ? theirs.memory : new WebAssembly.Memory({ initial: 1 + Math.ceil(bytes / PAGE_BYTES) });
    const kernels = new WebAssembly.Instance(compiled, { env: { memory } }).exports as unknown as Kernels;
    return new SimdLoops(kernels, start ?? PAGE_BYTES, sizes);
  } catch {
    // No WebAssembly, no SIMD, forbidden by a page's policy, or no address space left: the plain loops do the same.
    return null;
  }
}
