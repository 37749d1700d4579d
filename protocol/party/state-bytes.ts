import { GradswarmError } from '../errors.js';

/** The primitive fields of an encoded state: varints, float64, UTF-8 text, and the raw elements of typed arrays. */

/** Typed arrays from here on are copied once, into the result; smaller ones go through the scratch buffer. */
const LARGE_BYTES = 2048;
const CANONICAL_NAN = Uint8Array.of(0, 0, 0, 0, 0, 0, 0xf8, 0x7f);
const HOST_IS_LITTLE_ENDIAN = new Uint8Array(Uint16Array.of(1).buffer)[0] === 1;

const encoder = new TextEncoder();
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

function bytesOf(view: ArrayBufferView): Uint8Array {
  return new Uint8Array(view.buffer, view.byteOffset, view.byteLength);
}

/** Reverses every group of `size` bytes, in place. */
function swapBytes(bytes: Uint8Array, size: number): Uint8Array {
  for (let i = 0; i < bytes.length; i += size) bytes.subarray(i, i + size).reverse();
  return bytes;
}

/** A scratch buffer that no writer uses at the moment: most states are so small that allocating it would dominate. */
let spareScratch: Uint8Array | null = null;

export class StateWriter {
  private readonly scratch: Uint8Array;
  private readonly view: DataView;
  private used = 0;
  private readonly parts: Uint8Array[] = [];
  private partBytes = 0;

  constructor() {
    this.scratch = spareScratch ?? new Uint8Array(4 * LARGE_BYTES);
    spareScratch = null;
    this.view = new DataView(this.scratch.buffer);
  }

  tag(tag: number): void {
    this.reserve(1);
    this.scratch[this.used++] = tag;
  }

  /** Non-negative integer up to 2^53 - 1: 7 bits a byte, lowest first, high bit set on all but the last. */
  varint(value: number): void {
    this.reserve(8);
    let rest = value;
    while (rest >= 128) {
      this.scratch[this.used++] = (rest % 128) | 128;
      rest = Math.floor(rest / 128);
    }
    this.scratch[this.used++] = rest;
  }

  float64(value: number): void {
    this.reserve(8);
    // The engine may write any NaN it likes; equal states must give equal bytes.
    if (Number.isNaN(value)) this.scratch.set(CANONICAL_NAN, this.used);
    else this.view.setFloat64(this.used, value, true);
    this.used += 8;
  }

  /** Writes a short text of ASCII characters and returns true, or writes nothing. */
  asciiText(value: string): boolean {
    const length = value.length;
    if (length > 127) return false;
    this.reserve(length + 1);
    const start = this.used + 1;
    for (let i = 0; i < length; i++) {
      const unit = value.charCodeAt(i);
      if (unit > 127) return false;
      this.scratch[start + i] = unit;
    }
    this.scratch[start - 1] = length;
    this.used = start + length;
    return true;
  }

  /** Any text without unpaired surrogates. */
  text(value: string): void {
    const bytes = encoder.encode(value);
    this.varint(bytes.length);
    this.raw(bytes);
  }

  elements(array: ArrayBufferView & { readonly BYTES_PER_ELEMENT: number }): void {
    const bytes = bytesOf(array);
    this.raw(HOST_IS_LITTLE_ENDIAN ? bytes : swapBytes(bytes.slice(), array.BYTES_PER_ELEMENT));
  }

  /** All that was written; the writer must not be used afterwards. */
  finish(): Uint8Array {
    const result = this.parts.length === 0 ? this.scratch.slice(0, this.used) : this.joined();
    spareScratch = this.scratch;
    return result;
  }

  private joined(): Uint8Array {
    this.flush();
    const result = new Uint8Array(this.partBytes);
    let offset = 0;
    for (const part of this.parts) {
      result.set(part, offset);
      offset += part.length;
    }
    return result;
  }

  private raw(bytes: Uint8Array): void {
    if (bytes.length >= LARGE_BYTES) {
      this.flush();
      this.push(bytes);
      return;
    }
    this.reserve(bytes.length);
    this.scratch.set(bytes, this.used);
    this.used += bytes.length;
  }

  private reserve(count: number): void {
    if (this.used + count > this.scratch.length) this.flush();
  }

  private flush(): void {
    if (this.used === 0) return;
    this.push(this.scratch.slice(0, this.used));
    this.used = 0;
  }

  private push(part: Uint8Array): void {
    this.parts.push(part);
    this.partBytes += part.length;
  }
}

/** Reads what StateWriter wrote, from untrusted bytes. Every failure is ERR_STATE with the offset. */
export class StateReader {
  private readonly bytes: Uint8Array;
  private readonly view: DataView;
  private readonly name: string;
  private offset = 0;

  constructor(bytes: Uint8Array, name: string) {
    this.bytes = bytes;
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.name = name;
  }

  fail(expected: string): never {
    throw new GradswarmError(
      'ERR_STATE',
      `${this.name}, byte ${this.offset} of ${this.bytes.length}: expected ${expected}; the bytes are damaged or of another program`,
    );
  }

  tag(): number {
    if (this.offset >= this.bytes.length) this.fail('another value, got the end');
    return this.bytes[this.offset++]!;
  }

  varint(): number {
    let value = 0;
    let factor = 1;
    for (let i = 0; i < 8; i++) {
      const byte = this.tag();
      value += (byte & 127) * factor;
      factor *= 128;
      if (byte >= 128) continue;
      if (byte === 0 && i > 0) this.fail('an integer in its shortest form');
      if (value > Number.MAX_SAFE_INTEGER) this.fail('an integer below 2^53');
      return value;
    }
    return this.fail('an integer of at most 8 bytes');
  }

  /** A count of things of at least `size` bytes each, checked against the bytes that are left. */
  count(size: number): number {
    const count = this.varint();
    const left = this.bytes.length - this.offset;
    if (count * size > left) this.fail(`${count} entries of at least ${size} bytes, got ${left} bytes`);
    return count;
  }

  float64(): number {
    const bytes = this.take(8);
    const value = this.view.getFloat64(this.offset - 8, true);
    if (Number.isNaN(value) && bytes.some((byte, i) => byte !== CANONICAL_NAN[i])) this.fail('the canonical NaN');
    return value;
  }

  text(): string {
    const bytes = this.take(this.count(1));
    try {
      return decoder.decode(bytes);
    } catch {
      return this.fail('text in UTF-8');
    }
  }

  /** Fills `into` with its elements; the bytes must be there (see `count`). */
  elements(into: ArrayBufferView & { readonly BYTES_PER_ELEMENT: number }): void {
    const bytes = bytesOf(into);
    bytes.set(this.take(bytes.length));
    if (!HOST_IS_LITTLE_ENDIAN) swapBytes(bytes, into.BYTES_PER_ELEMENT);
  }

  end(): void {
    if (this.offset !== this.bytes.length) this.fail('the end');
  }

  private take(length: number): Uint8Array {
    if (this.bytes.length - this.offset < length) this.fail(`${length} more bytes`);
    this.offset += length;
    return this.bytes.subarray(this.offset - length, this.offset);
  }
}
