/** Smaller messages get new memory, which costs less than a search for old. */
const SMALLEST_BYTES = 16 << 10;

/** Memory of messages that have left, to be filled again: fresh memory costs more than the copy into it. */
export class SpareMemory {
  private readonly byLength = new Map<number, Uint8Array[]>();
  private bytes = 0;

  /** `mostBytes`: kept at once. `make`: new memory, of a buffer of its own. */
  constructor(
    private readonly mostBytes: number,
    private readonly make: (length: number) => Uint8Array = (length) => new Uint8Array(length),
  ) {}

  /** Memory of exactly this length, with whatever it held before. */
  take(length: number): Uint8Array {
    const spare = this.byLength.get(length)?.pop();
    if (!spare) return this.make(length);
    this.bytes -= length;
    return spare;
  }

  /** The caller no longer uses it. */
  give(memory: Uint8Array): void {
    const { byteLength } = memory;
    // A part of a larger buffer may still be read there.
    if (byteLength < SMALLEST_BYTES || byteLength > this.mostBytes || byteLength !== memory.buffer.byteLength) return;
    // Lengths that no longer come must not fill it permanently.
    if (this.bytes + byteLength > this.mostBytes) this.clear();
    this.bytes += byteLength;
    const same = this.byLength.get(byteLength);
    if (same) same.push(memory);
    else this.byLength.set(byteLength, [memory]);
  }

  private clear(): void {
    this.byLength.clear();
    this.bytes = 0;
  }
}
