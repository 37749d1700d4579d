import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { basename, resolve } from 'node:path';
import { GradswarmError } from '../../protocol/errors.js';
import { columns as availability } from '../../protocol/faults/availability-trace.js';
import { columns as bandwidth } from '../../protocol/faults/bandwidth-trace.js';
import { type TraceColumn, traceProblem } from '../../protocol/faults/parts/trace.js';
import { columns as speed } from '../../protocol/faults/speed-trace.js';
import { chargingColumns } from '../../protocol/scenario/energy.js';
import { isSweep, type ScenarioInput, type SweepInput } from '../../protocol/scenario/input.js';
import type { Trace, TraceRows } from '../../protocol/scenario/scenario.js';
import { isPlainObject, type Json } from '../../protocol/settings/plain-data.js';
import { isNumber } from '../../worker/datasets/tables/cells.js';
import { type CsvTable, readCsv } from '../../worker/datasets/tables/csv-file.js';
import { cellAt, placeOf, wrong } from '../../worker/datasets/tables/table.js';

/** The columns that each fault reads from its trace. */
const COLUMNS: Readonly<Record<string, readonly TraceColumn[]>> = {
  'availability-trace': availability,
  'speed-trace': speed,
  'bandwidth-trace': bandwidth,
};

/**
 * The scenario or sweep with the path of each trace replaced by the rows of that file, its name and its SHA-256: every process of the
 * run then gets them with the scenario. Paths are relative to `folder`. Throws ERR_DATA_MISSING and ERR_DATA_FORMAT.
 */
export function withTraces<T extends ScenarioInput | SweepInput>(input: T, folder: string): T {
  const whole = replaced(input, folder) as T;
  if (!isSweep(whole)) return whole;
  const { base, over } = whole;
  const axes = Object.entries(over).map(([path, values]) => {
    const [, index] = /^faults\.(\d+)\.trace$/.exec(path) ?? [];
    const columns = COLUMNS[base.faults?.[Number(index)]?.fault ?? ''];
    const read = (value: Json) =>
      columns && typeof value === 'string' ? (readTrace(value, columns, folder) as unknown as Json) : value;
    return [path, values.map(read)] as const;
  });
  return { ...whole, over: Object.fromEntries(axes) };
}

function replaced(value: unknown, folder: string): unknown {
  if (Array.isArray(value)) {
    const entries = value.map((one) => replaced(one, folder));
    return entries.some((one, i) => one !== value[i]) ? entries : value;
  }
  if (!isPlainObject(value)) return value;
  const columns = typeof value.fault === 'string' ? COLUMNS[value.fault] : undefined;
  if (columns && typeof value.trace === 'string')
    return { ...value, trace: readTrace(value.trace, columns, folder) as unknown as Json };
  if ('capacityJoules' in value && typeof value.trace === 'string')
    return { ...value, trace: readTrace(value.trace, chargingColumns, folder) as unknown as Json };
  const entries = Object.entries(value).map(([key, one]) => [key, replaced(one, folder)] as const);
  return entries.some(([key, one]) => one !== value[key]) ? Object.fromEntries(entries) : value;
}

/**
 * The columns of a CSV file that one fault follows, under a header that also names `client` and `time`. Other columns are left
 * aside; an empty cell is the value of the client's row before it. Throws with the file, line and column of what is wrong.
 */
export function readTrace(path: string, columns: readonly TraceColumn[], folder: string = process.cwd()): Trace {
  const file = resolve(folder, path);
  if (!existsSync(file))
    throw new GradswarmError('ERR_DATA_MISSING', `${file}: expected a CSV file with a trace, there is none`);
  const table = readCsv(file, { header: 'yes', delimiter: ',', leastRows: 1 });
  const wanted = ['client', 'time', ...columns.map(({ name }) => name)];
  const at = wanted.map((name) => table.columnNames.indexOf(name));
  const missing = at.indexOf(-1);
  if (missing >= 0)
    throw wrong(file, `line 1: expected a column '${wanted[missing]}', got ${table.columnNames.join(', ')}`);
  const rows = numbersOf(table, at);
  const problem = traceProblem(rows, columns);
  if (problem) {
    const column = at[problem.column]!;
    throw wrong(
      file,
      `${placeOf(table, problem.row, column)}: expected ${problem.expected}, got '${cellAt(table, problem.row, column)}'`,
    );
  }
  return { file: basename(file), sha256: createHash('sha256').update(readFileSync(file)).digest('hex'), rows };
}

function numbersOf(table: CsvTable, at: readonly number[]): TraceRows {
  const rows = table.parts.flatMap((part) => part.rows());
  const before = new Map<number, readonly number[]>();
  return rows.map((cells, row) => {
    const client = Number(cells[at[0]!]);
    const numbers = at.map((column, i) => {
      const cell = cells[column]!;
      if (isNumber(cell)) return Number(cell);
      const last = cell === '' && i >= 2 ? before.get(client)?.[i] : undefined;
      if (last === undefined)
        throw wrong(table.path, `${placeOf(table, row, column)}: expected a number, got '${cell}'`);
      return last;
    });
    before.set(client, numbers);
    return numbers;
  });
}
