/** Bits in order of increasing weight: the first bit written is bit 0 of byte 0. */
export class BitWriter {
  private accumulator = 0;
  private filled = 0;
  private at: number;

  /** Writes from byte `start` of `bytes`, which must have room for all that is written. */
  constructor(
    readonly bytes: Uint8Array,
    start = 0,
  ) {
    this.at = start;
  }

  /** The lowest `count` bits of `value`, 0 <= count <= 24; higher bits must be zero. */
  write(value: number, count: number): void {
    this.accumulator |= value << this.filled;
    this.filled += count;
    while (this.filled >= 8) {
      this.bytes[this.at++] = this.accumulator;
      this.accumulator >>>= 8;
      this.filled -= 8;
    }
  }

  /** The lowest `count` bits of `value`, 0 <= count <= 32. */
  writeLong(value: number, count: number): void {
    if (count <= 16) this.write(value, count);
    else {
      this.write(value & 0xffff, 16);
      this.write(value >>> 16, count - 16);
    }
  }

  /** values[0, count) + shift, each in `width` <= 24 bits: `write` in a loop, with the state in registers. */
  writeAll(values: Int32Array, count: number, shift: number, width: number): void {
    let { accumulator, filled, at } = this;
    for (let i = 0; i < count; i++) {
      accumulator |= (values[i]! + shift) << filled;
      filled += width;
      while (filled >= 8) {
        this.bytes[at++] = accumulator;
        accumulator >>>= 8;
        filled -= 8;
      }
    }
    this.accumulator = accumulator;
    this.filled = filled;
    this.at = at;
  }

  /** `count` ones. */
  writeOnes(count: number): void {
    let left = count;
    for (; left >= 16; left -= 16) this.write(0xffff, 16);
    this.write((1 << left) - 1, left);
  }

  /** Fills the last byte with zeros. Returns the index of the byte after it. */
  finish(): number {
    if (this.filled > 0) this.bytes[this.at++] = this.accumulator;
    this.accumulator = 0;
    this.filled = 0;
    return this.at;
  }
}

/** The reverse. Reading past the end sets `overrun` and gives zeros: callers look once at the end, not at every bit. */
export class BitReader {
  overrun = false;
  private accumulator = 0;
  private filled = 0;
  private at: number;

  constructor(
    readonly bytes: Uint8Array,
    start = 0,
  ) {
    this.at = start;
  }

  private refill(): void {
    while (this.filled <= 24) {
      if (this.at >= this.bytes.length) {
        this.at++;
        this.filled += 8;
        continue;
      }
      this.accumulator |= this.bytes[this.at++]! << this.filled;
      this.filled += 8;
    }
  }

  /** 0 <= count <= 24. */
  read(count: number): number {
    if (this.filled < count) this.refill();
    const value = this.accumulator & ((1 << count) - 1);
    this.accumulator >>>= count;
    this.filled -= count;
    if (this.bitsPast() > 0) this.overrun = true;
    return value;
  }

  /** Fills values[0, count) with numbers of `width` <= 24 bits less `shift`; returns the greatest before that. */
  readAll(values: Int32Array, count: number, shift: number, width: number): number {
    const { bytes } = this;
    const mask = (1 << width) - 1;
    let { accumulator, filled, at } = this;
    let greatest = 0;
    for (let i = 0; i < count; i++) {
      while (filled < width) {
        accumulator |= (at < bytes.length ? bytes[at]! : 0) << filled;
        at++;
        filled += 8;
      }
      const value = accumulator & mask;
      accumulator >>>= width;
      filled -= width;
      if (value > greatest) greatest = value;
      values[i] = value - shift;
    }
    this.accumulator = accumulator;
    this.filled = filled;
    this.at = at;
    if (this.bitsPast() > 0) this.overrun = true;
    return greatest;
  }

  /** 0 <= count <= 32. */
  readLong(count: number): number {
    if (count <= 16) return this.read(count);
    const low = this.read(16);
    return (low | (this.read(count - 16) << 16)) >>> 0;
  }

  /** Ones up to and without the next zero, which is read too. Stops beyond `most`. */
  readOnes(most: number): number {
    let count = 0;
    while (count <= most) {
      if (this.filled < 8) this.refill();
      const zeros = ~this.accumulator;
      const ones = zeros === 0 ? 32 : 31 - Math.clz32(zeros & -zeros);
      const run = Math.min(ones, this.filled);
      count += run;
      if (run < this.filled) {
        this.drop(run + 1);
        return count;
      }
      this.drop(run);
      if (this.overrun) break;
    }
    return count;
  }

  private drop(count: number): void {
    this.accumulator = count === 32 ? 0 : this.accumulator >>> count;
    this.filled -= count;
    if (this.bitsPast() > 0) this.overrun = true;
  }

  /** Bits that were read beyond the end. */
  private bitsPast(): number {
    return 8 * (this.at - this.bytes.length) - this.filled;
  }

  /** Skips the rest of a byte. Returns the index of the next byte and whether the skipped bits were zeros. */
  finish(): { readonly at: number; readonly clean: boolean } {
    const rest = this.filled & 7;
    const clean = (this.accumulator & ((1 << rest) - 1)) === 0;
    this.accumulator >>>= rest;
    this.filled -= rest;
    return { at: this.at - (this.filled >> 3), clean };
  }
}
