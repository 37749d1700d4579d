import { existsSync, readFileSync } from 'node:fs';
import { GradswarmError } from '../../protocol/errors.js';
import type { MetricsRow } from '../../protocol/scenario/expectation.js';
import { AppendOnlyFile } from './append-only-file.js';
import { replaceFile } from './atomic-file.js';
import { csvLines } from './csv-lines.js';
import { damagedNamed } from './json-file.js';

export type { MetricsRow };

const METRICS_COLUMNS = [
  'round',
  'loss',
  'accuracy',
  'bytesUp',
  'bytesDown',
  'bytesPeer',
  'simulatedMs',
  'wallMs',
] as const;

/**
 * metrics.csv while it grows. Rows are added at the end; when a new name appears the file is rewritten once, with the
 * complete header and empty cells in the older rows, and replaces the old one in one step. Columns stay in the order of
 * their first appearance, so a run that was cut and resumed ends with the header of an uninterrupted one.
 */
export class MetricsFile {
  private readonly path: string;
  private file: AppendOnlyFile;
  private readonly knownColumns: string[];
  private readonly known: Set<string>;
  /** Columns that the file on the disk has. */
  private writtenColumnCount: number;
  private waiting: string[][] = [];
  private rowCount: number;
  private lastWriteMs = performance.now();

  /** Opens or creates; a last row that a crash left unfinished is dropped. */
  constructor(path: string) {
    this.path = path;
    const whole = existsSync(path) ? completeLines(readFileSync(path, 'utf8')) : '';
    const isOurs = whole.startsWith(`${METRICS_COLUMNS[0]},`);
    // Of a file that was overwritten no row can be read: checkpoints count none in it.
    const text = isOurs ? whole : '';
    const [header] = csvLines(text, { toLine: 1 });
    this.knownColumns = header ?? [...METRICS_COLUMNS];
    this.known = new Set(this.knownColumns);
    this.writtenColumnCount = this.knownColumns.length;
    this.rowCount = Math.max(0, lineCount(text) - 1);
    replaceFile(path, header === undefined ? `${csvLine(this.knownColumns)}\n` : text);
    this.file = new AppendOnlyFile(path);
  }

  /** Names of all columns so far, in file order. */
  get columns(): readonly string[] {
    return this.knownColumns;
  }

  /** Rows so far. */
  get length(): number {
    return this.rowCount;
  }

  append(row: MetricsRow): void {
    for (const name in row.extra) if (!this.known.has(name)) this.addColumn(name);
    for (const name of METRICS_COLUMNS) if (name in row.extra) refuseReserved(name);
    const fixed = METRICS_COLUMNS.map((name) => cell(row[name]));
    const extra = this.knownColumns.slice(METRICS_COLUMNS.length).map((name) => cell(row.extra[name]));
    this.waiting.push([...fixed, ...extra]);
    this.rowCount++;
    if (this.waiting.length >= 200 || performance.now() - this.lastWriteMs >= 250) this.flush();
  }

  private addColumn(name: string): void {
    if (!isOneLine(name)) {
      throw new GradswarmError(
        'ERR_HALF_FAILED',
        `measure(${JSON.stringify(name)}): expected a name on one line; give the number another name`,
      );
    }
    this.knownColumns.push(name);
    this.known.add(name);
  }

  flush(): void {
    this.lastWriteMs = performance.now();
    if (this.knownColumns.length > this.writtenColumnCount) this.widen();
    for (const cells of this.waiting) {
      while (cells.length < this.knownColumns.length) cells.push('');
      this.file.append(cells.join(','));
    }
    this.waiting = [];
    this.file.flush();
  }

  private widen(): void {
    this.file.close();
    const missing = ','.repeat(this.knownColumns.length - this.writtenColumnCount);
    const rows = readFileSync(this.path, 'utf8').split('\n').slice(1, -1);
    replaceFile(this.path, `${[csvLine(this.knownColumns), ...rows.map((row) => row + missing)].join('\n')}\n`);
    this.file = new AppendOnlyFile(this.path);
    this.writtenColumnCount = this.knownColumns.length;
  }

  /** Rows so far, after forcing them to the disk. A checkpoint remembers rows: bytes change when a column is added. */
  syncedRowCount(): number {
    this.flush();
    this.file.syncedByteLength();
    return this.rowCount;
  }

  /** Forgets the rows after the first `rowCount`; the header stays. False, and nothing done, when there are fewer. */
  cut(rowCount: number): boolean {
    this.flush();
    if (rowCount > this.rowCount) return false;
    const lines = readFileSync(this.path, 'utf8')
      .split('\n')
      .slice(0, rowCount + 1);
    this.file.cut(Buffer.byteLength(`${lines.join('\n')}\n`));
    this.rowCount = rowCount;
    return true;
  }

  close(): void {
    this.flush();
    this.file.close();
  }
}

function isOneLine(name: string): boolean {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: line breaks would make one row look like two.
  return name !== '' && !/[\u0000-\u001f]/.test(name);
}

/** May a half call one of its measures so? */
export function isMeasureName(name: string): boolean {
  return isOneLine(name) && !(METRICS_COLUMNS as readonly string[]).includes(name);
}

function refuseReserved(name: string): never {
  throw new GradswarmError(
    'ERR_HALF_FAILED',
    `measure('${name}'): expected a name of the method's own, got a column that every run has; choose another name`,
  );
}

function completeLines(text: string): string {
  return text.slice(0, text.lastIndexOf('\n') + 1);
}

function lineCount(text: string): number {
  let count = 0;
  for (let i = text.indexOf('\n'); i >= 0; i = text.indexOf('\n', i + 1)) count++;
  return count;
}

function cell(value: number | null | undefined): string {
  return value === null || value === undefined ? '' : String(value);
}

/** Quoted where the format asks for it. */
export function csvLine(cells: readonly string[]): string {
  return cells.map((text) => (/[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text)).join(',');
}

/** All rows of a metrics.csv. Throws ERR_CHECKPOINT, with the row, when a cell is not a number. */
export function readMetrics(path: string): MetricsRow[] {
  return damagedNamed(() => {
    if (!existsSync(path)) throw new GradswarmError('ERR_CHECKPOINT', `${path}: expected a file, got nothing`);
    const [header, ...rows] = table(path, completeLines(readFileSync(path, 'utf8')));
    return rows.map((cells, index) => parseRow(header!, cells, `${path}, row ${index + 1}`));
  });
}

/** Throws ERR_CHECKPOINT when one of the first `rowCount` rows cannot be read. */
export function checkMetrics(path: string, rowCount: number): void {
  const [header, ...rows] = table(path, completeLines(readFileSync(path, 'utf8')), rowCount + 1);
  for (const [index, cells] of rows.entries()) parseRow(header!, cells, `${path}, row ${index + 1}`);
}

function table(path: string, text: string, toLine = Number.MAX_SAFE_INTEGER): string[][] {
  try {
    return csvLines(text, { toLine });
  } catch (error) {
    throw new GradswarmError(
      'ERR_CHECKPOINT',
      `${path}: expected rows of equal length, got ${(error as Error).message}`,
    );
  }
}

function parseRow(header: readonly string[], cells: readonly string[], where: string): MetricsRow {
  const extra: Record<string, number> = {};
  const fixed: Record<string, number | null> = { loss: null, accuracy: null };
  for (let i = 0; i < header.length; i++) {
    const name = header[i]!;
    if (cells[i] === '') continue;
    const value = Number(cells[i]);
    if (Number.isNaN(value) && cells[i] !== 'NaN') {
      throw new GradswarmError(
        'ERR_CHECKPOINT',
        `${where}, ${name}: expected a number, got ${JSON.stringify(cells[i])}`,
      );
    }
    if (i < METRICS_COLUMNS.length) fixed[name] = value;
    else extra[name] = value;
  }
  return { ...(fixed as unknown as Omit<MetricsRow, 'extra'>), extra };
}
