import type { Precision, ReadonlyVector, Vector } from '../method.js';
import { zeros } from '../numerics/vector.js';

/** Of vectors that wait for the next borrower. The clients of a round have one each at the same time. */
const MOST_KEPT_BYTES = 2 ** 25;

/**
 * Vectors of the model's length that one party fills and another has read: their memory is used again. New memory for each message
 * costs more than what is written to it, and has to be collected. One that is not given back is collected like any other.
 */
export class LentVectors {
  private readonly kept: Vector[] = [];
  private readonly lent = new WeakSet<ReadonlyVector>();

  constructor(
    private readonly length: number,
    private readonly precision: Precision,
  ) {}

  /** Its numbers are those that the last borrower left. */
  borrow(): Vector {
    const vector = this.kept.pop() ?? zeros(this.length, this.precision);
    this.lent.add(vector);
    return vector;
  }

  /** Any other vector, and one that is back, is left alone. */
  giveBack(vector: ReadonlyVector): void {
    if (!this.lent.delete(vector)) return;
    if ((this.kept.length + 1) * vector.length * vector.BYTES_PER_ELEMENT <= MOST_KEPT_BYTES)
      this.kept.push(vector as Vector);
  }
}
