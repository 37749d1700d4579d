/** Uniform 32-bit words and exact draws from them; where they come from decides whether the noise is private. */

/** Fills the whole array with independent uniform words. */
export type FillWords = (into: Uint32Array) => void;

export class RandomWords {
  private readonly buffer: Uint32Array;
  private position: number;

  /** Calls `fill` for `bufferLength` words at a time; used words are erased, so that past noise cannot be read from memory. */
  constructor(
    private readonly fill: FillWords,
    bufferLength: number,
  ) {
    this.buffer = new Uint32Array(bufferLength);
    this.position = bufferLength;
  }

  /** One uniform integer in [0, 2^32). */
  next(): number {
    if (this.position === this.buffer.length) {
      this.fill(this.buffer);
      this.position = 0;
    }
    const word = this.buffer[this.position]!;
    this.buffer[this.position++] = 0;
    return word;
  }

  /** Uniform in [0, 1), a multiple of 2^-53. */
  uniform(): number {
    const high = this.next() >>> 5;
    return (high * 67108864 + (this.next() >>> 6)) / 9007199254740992;
  }

  /** Uniform integer in [0, bound), 1 <= bound <= 2^53: exact, by rejection. */
  below(bound: number): number {
    if (bound <= 4294967296) {
      const limit = 4294967296 - (4294967296 % bound);
      for (;;) {
        const word = this.next();
        if (word < limit) return word % bound;
      }
    }
    const limit = 9007199254740992 - (9007199254740992 % bound);
    for (;;) {
      const high = this.next() >>> 11;
      const draw = high * 4294967296 + this.next();
      if (draw < limit) return draw % bound;
    }
  }

  /** True with the given probability, to 2^-64. */
  coin(probability: number): boolean {
    const scaled = probability * 4294967296;
    const digit = Math.floor(scaled);
    const word = this.next();
    if (word !== digit) return word < digit;
    return this.next() < (scaled - digit) * 4294967296;
  }
}
