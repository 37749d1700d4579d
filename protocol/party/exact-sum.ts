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

  /** False, and nothing added, when an entry is beyond the bound or not finite. */
  add(value: ReadonlyVector | Integers): boolean {
    for (let i = 0; i < value.length; i++) if (!(Math.abs(value[i]!) <= this.bound)) return false;
    if (!this.sums) this.sums = new Float64Array(value.length);
    if (this.sums.length !== value.length) return false;
    const { sums, grid } = this;
    for (let i = 0; i < value.length; i++) {
      // Adding and taking away 1.5 * 2^52 grid steps rounds to the grid: exact and much faster than Math.round.
      const shift = grid * 6755399441055744;
      sums[i] = sums[i]! + (value[i]! + shift - shift);
    }
    return true;
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
