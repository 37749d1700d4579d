import { readFileSync } from 'node:fs';
import { GradswarmError } from '../../protocol/errors.js';
import type { ReadonlyVector } from '../../protocol/method.js';
import { type ChainDraws, MOST_CHAINS } from './draws.js';
import { GrowingFile } from './growing-file.js';

const FLUSH_BYTES = 1 << 20;
const HEADER_BYTES = 8;

/**
 * Draws as they are kept, round after round, in a file that only grows: a crash loses the last megabyte at most, and a
 * resumed run cuts it to its checkpoint. Records of u32 chain, u32 count of numbers, then the numbers as float64,
 * little-endian. At the end of a run `writeDraws` makes one NumPy file of it.
 */
export class DrawsLog extends GrowingFile {
  private waiting: Uint8Array[] = [];
  private waitingBytes = 0;

  /** `chains[c]`: what chain c kept, draw after draw; of length 0 when it kept none. */
  append(chains: readonly ReadonlyVector[]): void {
    for (const [chain, numbers] of chains.entries()) {
      if (numbers.length === 0) continue;
      const record = new Uint8Array(HEADER_BYTES + 8 * numbers.length);
      const view = new DataView(record.buffer);
      view.setUint32(0, chain, true);
      view.setUint32(4, numbers.length, true);
      for (let i = 0; i < numbers.length; i++) view.setFloat64(HEADER_BYTES + 8 * i, numbers[i]!, true);
      this.waiting.push(record);
      this.waitingBytes += record.length;
    }
    if (this.waitingBytes >= FLUSH_BYTES) this.flush();
  }

  override flush(): void {
    if (this.waitingBytes === 0) return;
    this.write(Buffer.concat(this.waiting));
    this.waiting = [];
    this.waitingBytes = 0;
  }

  /** All draws so far by chain, each of `length` numbers. A last record that a crash left unfinished is left out. */
  read(length: number): ChainDraws {
    this.flush();
    const bytes = readFileSync(this.path);
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const chains: Float64Array[][] = [];
    for (let at = 0; at + HEADER_BYTES <= bytes.length; ) {
      const chain = view.getUint32(at, true);
      const count = view.getUint32(at + 4, true);
      at += HEADER_BYTES;
      if (at + 8 * count > bytes.length) break;
      if (count % length !== 0 || chain >= MOST_CHAINS)
        throw new GradswarmError(
          'ERR_DATA_FORMAT',
          `${this.path}: expected draws of ${length} numbers, got a record of ${count} for chain ${chain}`,
        );
      const draws = (chains[chain] ??= []);
      for (let i = 0; i < count; i += length) {
        const draw = new Float64Array(length);
        for (let j = 0; j < length; j++, at += 8) draw[j] = view.getFloat64(at, true);
        draws.push(draw);
      }
    }
    return Array.from(chains, (draws) => draws ?? []);
  }
}
