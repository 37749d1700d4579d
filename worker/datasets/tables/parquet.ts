import { existsSync } from 'node:fs';
import * as zlib from 'node:zlib';
import type { Compressors } from 'hyparquet';
import { GradswarmError } from '../../../protocol/errors.js';
import { type Table, wrong } from './table.js';

type Inflate = (input: Uint8Array, limits: { readonly maxOutputLength: number }) => Uint8Array;

/** No page becomes longer than its header states. */
const within =
  (inflate: Inflate) =>
  (page: Uint8Array, length: number): Uint8Array =>
    inflate(page, { maxOutputLength: Math.max(1, length) });

/** What the reader does not decompress itself. Node has Zstandard from 22.15 on. */
function compressors(): Compressors {
  const { zstdDecompressSync } = zlib as { readonly zstdDecompressSync?: Inflate };
  return {
    GZIP: within(zlib.gunzipSync),
    BROTLI: within(zlib.brotliDecompressSync),
    ...(zstdDecompressSync && { ZSTD: within(zstdDecompressSync) }),
  };
}

/** A Parquet file as rows of texts, so that what is refused in a CSV file is refused here. Throws ERR_DATA_MISSING, ERR_DATA_FORMAT. */
export async function readParquet(path: string, leastRows = 2): Promise<Table> {
  if (path === '')
    throw new GradswarmError('ERR_DATA_MISSING', `data set 'parquet-table': set 'path' to the Parquet file to read`);
  if (!existsSync(path))
    throw new GradswarmError('ERR_DATA_MISSING', `${path}: expected a Parquet file, there is none`);
  // Read when it is needed only: most runs have other data.
  const { asyncBufferFromFile, parquetMetadataAsync, parquetReadObjects, parquetSchema } = await import('hyparquet');
  try {
    const file = await asyncBufferFromFile(path);
    const metadata = await parquetMetadataAsync(file);
    const columns = parquetSchema(metadata).children;
    const nested = columns.find(({ children }) => children.length > 0);
    if (nested)
      throw wrong(
        path,
        `column '${nested.element.name}': expected plain values, got a nested type; flatten it, or leave it out of the file`,
      );
    const columnNames = columns.map(({ element }) => element.name);
    const index = columnNames.find((name) => name.startsWith('__index_level_'));
    if (index !== undefined)
      throw wrong(
        path,
        `column '${index}': expected columns of the data, got an index that pandas added; write the file with index=False`,
      );
    const records = await parquetReadObjects({ file, metadata, compressors: compressors() });
    if (records.length < leastRows)
      throw wrong(
        path,
        `expected at least ${leastRows} ${leastRows === 1 ? 'row' : 'rows'} of values, got ${records.length}`,
      );
    return {
      path,
      unit: 'row',
      columnNames,
      rows: records.map((record, row) =>
        columnNames.map((name) => cellOf(record[name], () => `${path}: row ${row + 1}, column '${name}'`)),
      ),
      lines: records.map((_, row) => row + 1),
      decisions: [`columns: ${columnNames.length}, by the schema of the file`],
    };
  } catch (cause) {
    if (cause instanceof GradswarmError) throw cause;
    throw wrong(
      path,
      `expected a Parquet file that can be read (uncompressed, Snappy, gzip, Brotli, or Zstandard with Node 22.15 or newer): ${(cause as Error).message}`,
    );
  }
}

/** As it would stand in a CSV file; '' where there is no value. */
function cellOf(value: unknown, place: () => string): string {
  if (value === null || value === undefined) return '';
  if (typeof value === 'string') return value.trim();
  if (typeof value === 'number' || typeof value === 'bigint' || typeof value === 'boolean') return String(value);
  if (value instanceof Date) return value.toISOString();
  throw new GradswarmError(
    'ERR_DATA_FORMAT',
    `${place()}: expected a number, a text, a truth value or a time, got bytes or a list`,
  );
}
