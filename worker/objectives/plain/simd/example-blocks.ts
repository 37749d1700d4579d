import type { ReadonlyVector, Vector } from '../../../../protocol/method.js';
import type { ExampleBlock, SoftmaxBlock } from '../dense-loops.js';

/** What of assembly/dense.ts works on several examples at once. Addresses are bytes. */
export interface BlockKernels {
  fourRows32: ForwardFour;
  fourRows64: ForwardFour;
  addFourRows(sums: number, rows: number, features: number, delta: number): void;
  interleaveFive(into: number, places: number, features: number): void;
  fiveRows32: ForwardFive;
  fiveRows64: ForwardFive;
  addSoftmaxFive32: SoftmaxFive;
  addSoftmaxFive64: SoftmaxFive;
  stepSoftmaxFive32: StepSoftmaxFive;
  stepSoftmaxFive64: StepSoftmaxFive;
  addFiveRows(
    sums: number,
    rows: number,
    features: number,
    delta: number,
    outputs: number,
    bias: number,
    first: boolean,
  ): void;
}
type ForwardFour = (z: number, rows: number, features: number, params: number) => void;
type ForwardFive = (z: number, rows: number, features: number, params: number, outputs: number, bias: number) => void;
type OfSoftmaxFive = [
  sums: number,
  params: number,
  places: number,
  features: number,
  outputs: number,
  labels: number,
  count: number,
  bias: number,
  interleaved: number,
  z: number,
  delta: number,
  first: boolean,
];
type SoftmaxFive = (...of: OfSoftmaxFive) => number;
type StepSoftmaxFive = (...of: [...OfSoftmaxFive, share: number, rate: number]) => number;

/** Gives room in the module's memory for so many float64. */
type Room = (length: number) => Float64Array;

/** Rows of float32 one after the other, with outputs and deltas of each. */
class Rows {
  readonly single: readonly Float32Array[];
  readonly outputs: readonly Float64Array[];
  readonly deltas: readonly Float64Array[];
  /** Addresses of the first. */
  readonly at: { readonly rows: number; readonly outputs: number; readonly deltas: number };

  constructor(room: Room, count: number, features: number, outputs: number) {
    const { buffer, byteOffset } = room(Math.ceil((count * features) / 2));
    const each = Array.from({ length: count }, (_, r) => r);
    const [z, delta] = [room(count * outputs), room(count * outputs)];
    this.single = each.map((r) => new Float32Array(buffer, byteOffset + 4 * features * r, features));
    this.outputs = each.map((r) => z.subarray(r * outputs, (r + 1) * outputs));
    this.deltas = each.map((r) => delta.subarray(r * outputs, (r + 1) * outputs));
    this.at = { rows: byteOffset, outputs: z.byteOffset, deltas: delta.byteOffset };
  }

  read(r: number, row: Float32Array | null): void {
    if (row) this.single[r]!.set(row);
    else this.single[r]!.fill(0);
  }
}

/** Four examples of a linear model with one output, whose single chain of sums leaves a processor idle. */
class FourRowsOfOne implements ExampleBlock {
  readonly size = 4;
  readonly outputs: readonly Float64Array[];
  readonly deltas: readonly Float64Array[];
  private readonly rows: Rows;

  constructor(
    private readonly kernels: BlockKernels,
    room: Room,
    private readonly features: number,
  ) {
    this.rows = new Rows(room, this.size, features, 1);
    this.outputs = this.rows.outputs;
    this.deltas = this.rows.deltas;
  }

  read(r: number, row: Float32Array | null): void {
    this.rows.read(r, row);
  }

  forward(params: ReadonlyVector, biasOffset: number): void {
    const { fourRows32, fourRows64 } = this.kernels;
    const fourRows = params.BYTES_PER_ELEMENT === 4 ? fourRows32 : fourRows64;
    const { at } = this.rows;
    fourRows(at.outputs, at.rows, this.features, (params as Vector).byteOffset);
    if (biasOffset >= 0) for (const z of this.outputs) z[0]! += params[biasOffset]!;
  }

  addGradients(sums: Float64Array, biasOffset: number): void {
    const { at } = this.rows;
    this.kernels.addFourRows(sums.byteOffset, at.rows, this.features, at.deltas);
    if (biasOffset >= 0) for (const delta of this.deltas) sums[biasOffset]! += delta[0]!;
  }
}

/** Five examples of a linear model with several outputs: weights and sums are loaded once for all five. */
class FiveRows implements ExampleBlock {
  readonly size = 5;
  readonly outputs: readonly Float64Array[];
  readonly deltas: readonly Float64Array[];
  readonly softmax: SoftmaxBlock;
  private readonly rows: Rows;
  /** The address of each row: a place of its own, or where the features lie. */
  private readonly places: Int32Array;
  /** The five numbers of each input, side by side. */
  private readonly interleaved: Float64Array;

  constructor(
    private readonly kernels: BlockKernels,
    room: Room,
    private readonly features: number,
    private readonly outputCount: number,
  ) {
    this.rows = new Rows(room, this.size, features, outputCount);
    this.outputs = this.rows.outputs;
    this.deltas = this.rows.deltas;
    this.interleaved = room(this.size * features);
    // Labels, then addresses: together as many bytes as so many float64.
    const { buffer, byteOffset } = room(this.size);
    this.places = new Int32Array(buffer, byteOffset + 4 * this.size, this.size);
    const { places } = this;
    this.softmax = {
      labels: new Int32Array(buffer, byteOffset, this.size),
      addGradients: (sums, params, count, biasOffset, first) => {
        const { at } = this.rows;
        const { addSoftmaxFive32, addSoftmaxFive64 } = this.kernels;
        const add = params.BYTES_PER_ELEMENT === 4 ? addSoftmaxFive32 : addSoftmaxFive64;
        return (
          add(
            sums.byteOffset,
            (params as Vector).byteOffset,
            places.byteOffset,
            this.features,
            this.outputCount,
            byteOffset,
            count,
            biasOffset,
            this.interleaved.byteOffset,
            at.outputs,
            at.deltas,
            first,
          ) !== 0
        );
      },
      step: (sums, params, count, biasOffset, first, share, rate) => {
        const { at } = this.rows;
        const { stepSoftmaxFive32, stepSoftmaxFive64 } = this.kernels;
        const step = params.BYTES_PER_ELEMENT === 4 ? stepSoftmaxFive32 : stepSoftmaxFive64;
        return (
          step(
            sums.byteOffset,
            params.byteOffset,
            places.byteOffset,
            this.features,
            this.outputCount,
            byteOffset,
            count,
            biasOffset,
            this.interleaved.byteOffset,
            at.outputs,
            at.deltas,
            first,
            share,
            rate,
          ) !== 0
        );
      },
    };
  }

  read(r: number, row: Float32Array | null): void {
    this.rows.read(r, row);
    this.places[r] = this.rows.single[r]!.byteOffset;
  }

  refer(r: number, address: number): void {
    this.places[r] = address;
  }

  forward(params: ReadonlyVector, biasOffset: number): void {
    const { kernels, features, places } = this;
    const { at } = this.rows;
    const rows = this.interleaved.byteOffset;
    kernels.interleaveFive(rows, places.byteOffset, features);
    const fiveRows = params.BYTES_PER_ELEMENT === 4 ? kernels.fiveRows32 : kernels.fiveRows64;
    fiveRows(at.outputs, rows, features, (params as Vector).byteOffset, this.outputCount, biasOffset);
  }

  addGradients(sums: Float64Array, biasOffset: number): void {
    const { byteOffset } = this.interleaved;
    const { deltas } = this.rows.at;
    this.kernels.addFiveRows(sums.byteOffset, byteOffset, this.features, deltas, this.outputCount, biasOffset, false);
  }
}

/** The block for a linear model with so many outputs. */
export function exampleBlock(kernels: BlockKernels, room: Room, features: number, outputs: number): ExampleBlock {
  return outputs === 1 ? new FourRowsOfOne(kernels, room, features) : new FiveRows(kernels, room, features, outputs);
}

/** At least the bytes that it asks `room` for, each request rounded up to 16. */
export function blockBytes(features: number, outputs: number): number {
  return outputs === 1 ? 16 * features + 128 : 60 * features + 80 * outputs + 192;
}
