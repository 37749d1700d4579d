import { type FileBytes, writtenSince } from '../../arrays/file-bytes.js';

/** When each of many files was written: what is read again must be what the SHA-256 of the run was taken of. Eight bytes a file. */
export class FileStamps {
  private readonly modified: Float64Array;

  constructor(fileCount: number) {
    this.modified = new Float64Array(fileCount).fill(Number.NaN);
  }

  /** Throws ERR_DATA_FORMAT with the file where it was written since it was first met here. */
  require(file: number, { path, modifiedMs }: FileBytes): void {
    const first = this.modified[file]!;
    if (Number.isNaN(first)) this.modified[file] = modifiedMs;
    else if (first !== modifiedMs) throw writtenSince(path);
  }
}
