import { existsSync } from 'node:fs';
import * as zlib from 'node:zlib';
import type { Compressors, FileMetaData, RowGroup, SchemaTree } from 'hyparquet';
import { GradswarmError } from '../../../protocol/errors.js';
import { type FileBytes, openFile } from '../../arrays/file-bytes.js';
import { type Table, type TablePart, wrong } from './table.js';

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

/** Decodes columns without waiting, as objectives need it. Loaded when it is needed only: most runs have other data. */
async function columnReader() {
  const [{ readColumn }, { DEFAULT_PARSERS }] = await Promise.all([
    import('hyparquet/src/column.js'),
    import('hyparquet/src/convert.js'),
  ]);
  const options = { parsers: DEFAULT_PARSERS, compressors: compressors() };
  /** Values of a column of a row group, in pieces. */
  return (file: FileBytes, group: RowGroup, index: number, schemaPath: SchemaTree[]) => {
    const meta = group.columns[index]?.meta_data;
    if (!meta) throw new Error(`column ${index} has no metadata`);
    const bytes = file.read(
      Number(meta.dictionary_page_offset || meta.data_page_offset),
      Number(meta.total_compressed_size),
    );
    const rows = Number(group.num_rows);
    return readColumn(
      { view: new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength), offset: 0 },
      { groupStart: 0, groupRows: rows, selectStart: 0, selectEnd: rows },
      { ...options, ...meta, pathInSchema: meta.path_in_schema, element: schemaPath.at(-1)!.element, schemaPath },
    ).data;
  };
}

/**
 * A Parquet file as texts, so that what is refused in a CSV file is refused here; columns are read by row group when they are asked for.
 * Throws ERR_DATA_MISSING, ERR_DATA_FORMAT.
 */
export async function readParquet(path: string, leastRows = 2): Promise<Table> {
  if (path === '')
    throw new GradswarmError('ERR_DATA_MISSING', `data set 'parquet-table': set 'path' to the Parquet file to read`);
  if (!existsSync(path))
    throw new GradswarmError('ERR_DATA_MISSING', `${path}: expected a Parquet file, there is none`);
  const { asyncBufferFromFile, parquetMetadataAsync, parquetSchema } = await import('hyparquet');
  const read = await columnReader();
  let metadata: FileMetaData;
  let schema: SchemaTree;
  try {
    metadata = await parquetMetadataAsync(await asyncBufferFromFile(path));
    schema = parquetSchema(metadata);
  } catch (cause) {
    throw unreadable(path, cause);
  }
  const columnNames = plainColumns(path, schema.children);
  const rowCount = metadata.row_groups.reduce((sum, { num_rows }) => sum + Number(num_rows), 0);
  if (rowCount < leastRows)
    throw wrong(path, `expected at least ${leastRows} ${leastRows === 1 ? 'row' : 'rows'} of values, got ${rowCount}`);
  const file = openFile(path);
  let start = 0;
  const parts = metadata.row_groups.map((group): TablePart => {
    const first = start;
    const count = Number(group.num_rows);
    start += count;
    return {
      rowCount: count,
      isByRow: false,
      lineOf: (row) => first + row + 1,
      column(index) {
        const name = columnNames[index]!;
        let pieces: ReturnType<typeof read>;
        try {
          pieces = read(file, group, index, [schema, schema.children[index]!]);
        } catch (cause) {
          throw unreadable(path, cause);
        }
        const cells: string[] = [];
        for (const piece of pieces)
          for (let i = 0; i < piece.length; i++)
            cells.push(cellOf(piece[i], () => `${path}: row ${first + cells.length + 1}, column '${name}'`));
        if (cells.length !== count)
          throw wrong(path, `column '${name}': expected ${count} values in a row group, got ${cells.length}`);
        return cells;
      },
    };
  });
  return {
    path,
    unit: 'row',
    columnNames,
    rowCount,
    parts,
    decisions: [`columns: ${columnNames.length}, by the schema of the file`],
  };
}

/** Names of the columns. Throws ERR_DATA_FORMAT for nested ones and for an index of pandas. */
function plainColumns(path: string, columns: readonly SchemaTree[]): readonly string[] {
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
  return columnNames;
}

function unreadable(path: string, cause: unknown): Error {
  if (cause instanceof GradswarmError) return cause;
  return wrong(
    path,
    `expected a Parquet file that can be read (uncompressed, Snappy, gzip, Brotli, or Zstandard with Node 22.15 or newer): ${(cause as Error).message}`,
  );
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
