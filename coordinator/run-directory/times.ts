import { existsSync, readFileSync } from 'node:fs';
import { GradswarmError } from '../../protocol/errors.js';
import { AppendOnlyFile } from './append-only-file.js';
import { csvLines } from './csv-lines.js';

const COLUMNS = [
  'round',
  'client',
  'roundMs',
  'spanMs',
  'heldMs',
  'heldExamples',
  'examples',
  'computedMs',
  'bytesDown',
  'bytesUp',
] as const;

/**
 * What was measured, in real milliseconds, of one client in one round of a run over sockets. `roundMs`: of the whole round, from its plan to the end of
 * the coordinator's half, without evaluation and record; `spanMs`: from the first frame for the client to its first answer, at the
 * coordinator; `heldMs`: the part of it between taking and sending, at the client; `computedMs`: of all gradients and losses of the round.
 */
export type TimesRow = { readonly [C in Exclude<(typeof COLUMNS)[number], 'round'>]: number };

/** times.csv while it grows: a line for each client that answered. No result depends on it. */
export class TimesFile extends AppendOnlyFile {
  private hasHeader = this.length > 0;

  rows(round: number, rows: readonly TimesRow[]): void {
    for (const row of rows) {
      if (!this.hasHeader) this.append(COLUMNS.join(','));
      this.hasHeader = true;
      this.append(COLUMNS.map((name) => (name === 'round' ? round : microseconds(row[name]))).join(','));
    }
  }

  override cut(byteLength: number): boolean {
    const done = super.cut(byteLength);
    this.hasHeader = this.length > 0;
    return done;
  }
}

/** Milliseconds to three digits after the point. */
function microseconds(ms: number): number {
  return Math.round(1000 * ms) / 1000;
}

/** All lines of a times.csv; none where there is no file. Throws ERR_CHECKPOINT for another header or a cell that is no number. */
export function readTimes(path: string): (TimesRow & { readonly round: number })[] {
  if (!existsSync(path)) return [];
  const text = readFileSync(path, 'utf8');
  const [header = [], ...lines] = csvLines(text.slice(0, text.lastIndexOf('\n') + 1), { relaxColumnCount: true });
  return lines.map((cells, index) => {
    const values = cells.map(Number);
    if (header.join() !== COLUMNS.join() || cells.length !== COLUMNS.length || !values.every(Number.isFinite))
      throw new GradswarmError(
        'ERR_CHECKPOINT',
        `${path}, row ${index + 1}: expected numbers under ${COLUMNS.join(', ')}, got ${cells.join()}; the file is damaged`,
      );
    return Object.fromEntries(COLUMNS.map((name, i) => [name, values[i]!])) as TimesRow & { readonly round: number };
  });
}
