import { closeSync, fstatSync, fsyncSync, ftruncateSync, openSync } from 'node:fs';
import { writeFully } from './atomic-file.js';

/** A file that only grows, except that a resumed run cuts it to its checkpoint. What waits in memory is the subclass's. */
export abstract class GrowingFile {
  private readonly descriptor: number;
  private byteLength: number;

  constructor(readonly path: string) {
    this.descriptor = openSync(path, 'a');
    this.byteLength = fstatSync(this.descriptor).size;
  }

  /** Bytes that were handed to the system. */
  get length(): number {
    return this.byteLength;
  }

  /** Hands what waits to the system. */
  abstract flush(): void;

  protected write(bytes: Uint8Array): void {
    try {
      writeFully(this.descriptor, bytes);
    } catch (error) {
      // A full disk takes half of it: what is written later must not follow on half a record.
      ftruncateSync(this.descriptor, this.byteLength);
      throw error;
    }
    this.byteLength += bytes.length;
  }

  /** Bytes so far, after forcing them to the disk: what a checkpoint remembers. */
  syncedByteLength(): number {
    this.flush();
    fsyncSync(this.descriptor);
    return this.byteLength;
  }

  /** Forgets everything after `byteLength`. False, and nothing done, when the file is shorter. */
  cut(byteLength: number): boolean {
    this.flush();
    if (byteLength > this.byteLength) return false;
    ftruncateSync(this.descriptor, byteLength);
    this.byteLength = byteLength;
    return true;
  }

  close(): void {
    this.flush();
    closeSync(this.descriptor);
  }
}
