import { closeSync, mkdirSync, openSync } from 'node:fs';
import { join } from 'node:path';
import { writeFully } from './atomic-file.js';

/** A file of bytes that only grows; each piece is with the system when `append` returns. */
export class AppendBytes {
  private readonly descriptor: number;

  constructor(folder: string, name: string) {
    mkdirSync(folder, { recursive: true });
    this.descriptor = openSync(join(folder, name), 'a');
  }

  append(bytes: Uint8Array): void {
    writeFully(this.descriptor, bytes);
  }

  close(): void {
    closeSync(this.descriptor);
  }
}
