import type { Precision, ReadonlyVector, Segment } from '../../../protocol/method.js';
import { addRow, type FeatureRows, rowProduct } from './feature-rows.js';
import { type IsotropicPrior, LikelihoodShard } from './likelihood-shard.js';

/** A shard whose likelihood depends on the parameters by z = row theta alone. */
export abstract class LinearShard extends LikelihoodShard {
  protected constructor(
    protected readonly rows: FeatureRows,
    protected readonly examples: Uint32Array,
    segments: readonly Segment[],
    prior: IsotropicPrior,
    precision: Precision,
  ) {
    super(examples.length, segments, rows.width, prior, precision);
  }

  /** Negative log-likelihood of the row at z, in nats, and its derivative by z. */
  protected abstract lossAt(z: number, index: number): number;
  protected abstract slopeAt(z: number, index: number): number;

  protected override exampleLoss(params: ReadonlyVector, example: number): number {
    const index = this.examples[example]!;
    return this.lossAt(rowProduct(this.rows, index, params), index);
  }

  protected override addExampleGradient(
    params: ReadonlyVector,
    example: number,
    factor: number,
    into: Float64Array,
  ): void {
    const index = this.examples[example]!;
    addRow(this.rows, index, factor * this.slopeAt(rowProduct(this.rows, index, params), index), into);
  }

  override loss(params: ReadonlyVector, batch: Uint32Array): number {
    const { loops } = this.rows;
    if (!loops) return super.loss(params, batch);
    const { numbers, indices } = loops;
    loops.weights.set(params);
    let sum = 0;
    for (let at = 0; at < batch.length; at += loops.block) {
      const n = this.multiply(batch, at);
      for (let r = 0; r < n; r++) sum += this.lossAt(numbers[r]!, indices[r]!);
    }
    return batch.length === 0 ? 0 : sum / batch.length;
  }

  protected override addBatchGradient(params: ReadonlyVector, batch: Uint32Array, sums: Float64Array): void {
    const { loops } = this.rows;
    if (!loops) {
      super.addBatchGradient(params, batch, sums);
      return;
    }
    const { numbers, indices } = loops;
    loops.weights.set(params);
    loops.sums.set(sums);
    for (let at = 0; at < batch.length; at += loops.block) {
      const n = this.multiply(batch, at);
      for (let r = 0; r < n; r++) numbers[r] = this.slopeAt(numbers[r]!, indices[r]!);
      loops.addRows(n);
    }
    sums.set(loops.sums);
  }

  /** The products of a block of the batch's rows with the weights; returns how many. */
  private multiply(batch: Uint32Array, at: number): number {
    const loops = this.rows.loops!;
    const n = Math.min(loops.block, batch.length - at);
    for (let r = 0; r < n; r++) loops.indices[r] = this.examples[batch[at + r]!]!;
    loops.products(n);
    return n;
  }
}
