import type { Examples } from '../../datasets/dataset.js';
import { rowOf } from '../../datasets/stored-rows.js';

/** Of the examples, how many show whether inputs are mostly 0. */
const SAMPLED_ROWS = 16;
/** Measured: about this share of other inputs makes a block as fast as one example after the other. */
const LEAST_DENSITY = 0.4;

/**
 * Whether few inputs are 0. A block of examples multiplies by zeros, which the loops of one example pass over: with several outputs it pays
 * where inputs are dense.
 */
export class InputDensity {
  private readonly known = new WeakMap<object, boolean>();

  constructor(private readonly features: number) {}

  /** `rows`: the examples in question; null: all. The first answer for some features stands. */
  isDense(examples: Examples, rows: Uint32Array | null): boolean {
    const source = examples.stored ?? examples.features;
    let dense = this.known.get(source);
    if (dense === undefined) {
      dense = this.sampled(examples, rows);
      this.known.set(source, dense);
    }
    return dense;
  }

  private sampled(examples: Examples, rows: Uint32Array | null): boolean {
    const { features } = this;
    const sample = Math.min(rows ? rows.length : examples.count, SAMPLED_ROWS);
    let others = 0;
    for (let i = 0; i < sample; i++) {
      const row = rowOf(examples, rows ? rows[i]! : i, features);
      for (let j = 0; j < features; j++) if (row[j] !== 0) others++;
    }
    return others > LEAST_DENSITY * sample * features;
  }
}
