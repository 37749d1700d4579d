import type { Integers, ReadonlyVector, Vector } from '../method.js';
import { zerosLike } from '../numerics/vector.js';

/**
 * Sums that do not depend on order or grouping. Entries are rounded to a grid fixed by a public bound and the number of terms;
 * sums of grid points below 2^53 grid steps are exact in float64, so any grouping gives the same bits.
 */
export class ExactSum {
  private readonly grid: number;
  private sums: Float64Array | null = null;

  /** `bound`: on every entry's magnitude. `terms`: most vectors that may be added. */
  constructor(
    private readonly bound: number,
    terms: number,
  ) {
    if (!(bound > 0 && Number.isFinite(bound))) throw new RangeError(`total: expected a positive bound, got ${bound}`);
    // Halved and doubled, not by a logarithm: the grid must have the same bits on every engine.
    let reach = 2;
    while (reach < 2 * bound) reach *= 2;
    while (reach >= 4 * bound) reach /= 2;
    for (let count = 1; count < terms; count *= 2) reach *= 2;
    this.grid = reach * 2 ** -52;
  }

  /** False for an entry beyond the bound or not finite, and for another length than before: such a value is not to be added. */
  fits(value: ReadonlyVector | Integers): boolean {
    if (this.sums && this.sums.length !== value.length) return false;
    const { bound } = this;
    for (let i = 0; i < value.length; i++) if (!(Math.abs(value[i]!) <= bound)) return false;
    return true;
  }

  /** Of a value that fits. */
  add(value: ReadonlyVector | Integers): void {
    const sums = (this.sums ??= new Float64Array(value.length));
    // Adding and taking away 1.5 * 2^52 grid steps rounds to the grid: exact and much faster than Math.round.
    const shift = this.grid * 6755399441055744;
    for (let i = 0; i < value.length; i++) sums[i] = sums[i]! + (value[i]! + shift - shift);
  }

  /** As it is: on the grid, not rounded. */
  get exact(): Float64Array {
    return this.sums ?? new Float64Array(0);
  }

  /** False for what no sum of so many values that fit gives as `exact`: an entry beyond their bounds, or off the grid. */
  fitsExact(values: Float64Array, terms: number): boolean {
    // Rounding to the grid adds half a step at most; the other half is for that of this product.
    const most = terms * (this.bound + this.grid);
    const shift = this.grid * 6755399441055744;
    return values.every((value) => Math.abs(value) <= most && value + shift - shift === value);
  }

  /** What another sum on this grid gave as `exact`. */
  addExact(values: Float64Array): void {
    const sums = (this.sums ??= new Float64Array(values.length));
    for (let i = 0; i < values.length; i++) sums[i] = sums[i]! + values[i]!;
  }

  /** In the precision of `like`, each entry rounded once. */
  vector(like: ReadonlyVector): Vector {
    const result = zerosLike(like);
    if (this.sums) result.set(this.sums);
    return result;
  }

  number(): number {
    return this.sums?.[0] ?? 0;
  }
}
