import { malformed } from './body.js';

/**
 * Adaptive binary range coder (carry propagation as in LZMA; Martin, "Range encoding", 1979): a decision of probability p
 * costs -log2 p bits to within a fraction of a per cent, so frequent zeros cost far less than a bit. Probabilities are of
 * the decision 0, 16 bits, in a table that both sides adapt alike.
 */
export const EVEN_ODDS = 32768;
const ADAPTATION = 6;
const TOP = 16777216;

export class RangeEncoder {
  private bytes = new Uint8Array(256);
  private used = 0;
  private low = 0;
  private range = 0xffffffff;
  private cache = 0;
  private pending = 0;
  private started = false;

  /** Codes one decision by the adaptive probability at `context`. */
  bit(probabilities: Uint16Array, context: number, decision: number): void {
    const probability = probabilities[context]!;
    const bound = (this.range >>> 16) * probability;
    if (decision === 0) {
      this.range = bound;
      probabilities[context] = probability + ((65536 - probability) >>> ADAPTATION);
    } else {
      this.low += bound;
      this.range -= bound;
      probabilities[context] = probability - (probability >>> ADAPTATION);
    }
    while (this.range < TOP) this.shift();
  }

  /** One bit of even odds. */
  plain(decision: number): void {
    this.range >>>= 1;
    if (decision !== 0) this.low += this.range;
    while (this.range < TOP) this.shift();
  }

  private shift(): void {
    this.range = (this.range << 8) >>> 0;
    this.settle();
  }

  private settle(): void {
    if (this.low < 0xff000000 || this.low >= 4294967296) {
      const carry = this.low >= 4294967296 ? 1 : 0;
      // The byte before the first one is always zero, and is not sent.
      if (this.started) this.put(this.cache + carry);
      this.started = true;
      for (; this.pending > 0; this.pending--) this.put(255 + carry);
      this.cache = Math.floor(this.low / TOP) & 0xff;
    } else this.pending++;
    this.low = (this.low % TOP) * 256;
  }

  private put(byte: number): void {
    if (this.used === this.bytes.length) {
      const larger = new Uint8Array(2 * this.used);
      larger.set(this.bytes);
      this.bytes = larger;
    }
    this.bytes[this.used++] = byte;
  }

  /** All bytes. The coder must not be used afterwards. */
  finish(): Uint8Array {
    for (let i = 0; i < 5; i++) this.settle();
    return this.bytes.subarray(0, this.used);
  }
}

export class RangeDecoder {
  private at: number;
  private range = 0xffffffff;
  private code = 0;

  constructor(
    private readonly codec: string,
    private readonly body: Uint8Array,
    start: number,
  ) {
    this.at = start;
    for (let i = 0; i < 4; i++) this.code = this.code * 256 + this.next();
  }

  private next(): number {
    if (this.at >= this.body.length) malformed(this.codec, 'the coded levels end too early');
    return this.body[this.at++]!;
  }

  bit(probabilities: Uint16Array, context: number): number {
    const probability = probabilities[context]!;
    const bound = (this.range >>> 16) * probability;
    let decision = 0;
    if (this.code < bound) {
      this.range = bound;
      probabilities[context] = probability + ((65536 - probability) >>> ADAPTATION);
    } else {
      decision = 1;
      this.code -= bound;
      this.range -= bound;
      probabilities[context] = probability - (probability >>> ADAPTATION);
    }
    while (this.range < TOP) this.shift();
    return decision;
  }

  plain(): number {
    this.range >>>= 1;
    let decision = 0;
    if (this.code >= this.range) {
      this.code -= this.range;
      decision = 1;
    }
    while (this.range < TOP) this.shift();
    return decision;
  }

  private shift(): void {
    this.range = (this.range << 8) >>> 0;
    this.code = ((this.code << 8) | this.next()) >>> 0;
  }

  /** Throws unless everything was read, and the last bytes are those that the encoder writes: many others stand for the same levels. */
  finish(): void {
    if (this.code !== 0) malformed(this.codec, 'the levels do not end as an encoder ends them');
    if (this.at !== this.body.length) malformed(this.codec, `${this.body.length - this.at} bytes after the last level`);
  }
}
