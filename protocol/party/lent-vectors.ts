import type { Precision, ReadonlyVector, Vector } from '../method.js';
import { moduleVector } from '../numerics/simd/module-vectors.js';
import { zeros } from '../numerics/vector.js';
import type { AnyPayload } from '../wire/encoded-message.js';
import type { Frame } from '../wire/frame.js';
import type { KindLayout } from '../wire/layout.js';

/** Of vectors that wait for the next borrower. The clients of a round have one each at the same time. */
const MOST_KEPT_BYTES = 2 ** 25;

/** A shorter vector costs less than to know who has it. */
const FEWEST_NUMBERS = 2 ** 14;

/**
 * Vectors of the model's length that one party fills and another has read: their memory is used again. New memory for each message
 * costs more than what is written to it, and has to be collected. One that is not given back is collected like any other.
 */
export class LentVectors {
  private readonly kept: Vector[] = [];
  private readonly lent = new WeakSet<ReadonlyVector>();
  /** What gives the memory of a received vector back to those who received it. */
  private readonly received = new WeakMap<ReadonlyVector, () => void>();

  /** `encoded`: codecs read them, whose modules work on large ones where they lie. */
  constructor(
    private readonly length: number,
    private readonly precision: Precision,
    private readonly encoded = false,
  ) {}

  /** Its numbers are those that the last borrower left. */
  borrow(): Vector {
    const vector = this.kept.pop() ?? this.made();
    this.lent.add(vector);
    return vector;
  }

  /** One to write to in place of a new vector like this one; undefined: it is small, or of another length. */
  borrowLike({ length }: ReadonlyVector): Vector | undefined {
    return length === this.length && length >= FEWEST_NUMBERS ? this.borrow() : undefined;
  }

  private made(): Vector {
    const isInModule = this.encoded && this.precision === 'float32';
    return isInModule ? moduleVector(this.length) : zeros(this.length, this.precision);
  }

  /** A message that came over a socket. One vector and numbers: the memory of its frame is free once that vector is given back. */
  receive({ vectors, integers, bytes }: KindLayout, { messages, release }: Frame, message: AnyPayload): void {
    if (!release || messages.length !== 1 || vectors.length !== 1 || integers.length + bytes.length > 0) return;
    const vector = message[vectors[0]!] as Vector;
    // A codec has made another.
    if (vector.buffer === messages[0]!.fixed.buffer) this.received.set(vector, release);
  }

  /** Any other vector, and one that is back, is left alone. */
  giveBack(vector: ReadonlyVector): void {
    const release = this.received.get(vector);
    if (release) {
      this.received.delete(vector);
      return release();
    }
    if (!this.lent.delete(vector)) return;
    if ((this.kept.length + 1) * vector.length * vector.BYTES_PER_ELEMENT <= MOST_KEPT_BYTES)
      this.kept.push(vector as Vector);
  }
}
