import type { ClientIndex } from '../../method.js';
import type { Trace, TraceRows } from '../../scenario/scenario.js';
import { clients } from '../../scenario/selectors.js';
import { either, kindOf, list, number, oneOf, positive, text } from '../../settings/kinds.js';
import { type Required, required, settingOf } from '../../settings/setting.js';
import { defineSettings, group, type SettingsOf } from '../../settings/settings.js';

/** One column of a trace: its name in a CSV file and the values that it takes. */
export interface TraceColumn {
  readonly name: string;
  readonly takes: string;
  holds(value: number): boolean;
}

/** What a person writes: the path of a CSV file, which commands read, or rows. */
export type TraceInput = string | (Pick<Trace, 'rows'> & Partial<Trace>);

const row = list(number(required, 'A number'), required, '[client, time, values]', 3);
const read = group(
  defineSettings({
    file: text(null, 'Name of the file that the rows were read from; null: none'),
    sha256: settingOf<string, null>(
      kindOf<string>('a SHA-256 in hexadecimal', (value) => /^[\da-f]{64}$/.test(String(value))),
      null,
      'Of the file',
    ),
    rows: list(row, required, 'Each [client, time, a value for each column]', 1),
  }),
  required,
  'Rows',
);

/** A trace with these columns. */
export const traceSetting = <const D extends null | Required>(columns: readonly TraceColumn[], byDefault: D) =>
  either(
    'the path of a CSV file or { rows: [[client, time, values]] }',
    [read, text(required, 'Path of a CSV file')],
    byDefault,
    `CSV file with the columns client, time, ${columns.map(({ name }) => name).join(', ')}: values from a time on. ` +
      `Client c of the run follows client c modulo the number of clients of the trace${byDefault === null ? '; null: none' : ''}`,
  );

/** Settings of a fault that follows a trace with these columns. */
export const traceSettings = (columns: readonly TraceColumn[]) => ({
  clients: clients('all'),
  trace: traceSetting(columns, required),
  timeUnit: oneOf(
    ['seconds', 'rounds'],
    'seconds',
    "Unit of the trace's times: simulated seconds, or rounds counted from 0",
  ),
  period: positive(null, 'The trace begins again after so much time; null: its last rows hold to the end'),
});

/** What is wrong with the rows: where, and what was expected; null: nothing. `column`: 0 is the client, 1 the time. */
export function traceProblem(
  rows: TraceRows,
  columns: readonly TraceColumn[],
): { readonly row: number; readonly column: number; readonly expected: string } | null {
  const lastTime = new Map<number, number>();
  for (const [at, cells] of rows.entries()) {
    const [client, time, ...values] = cells as [number, number, ...number[]];
    const wrong = (column: number, expected: string) => ({ row: at, column, expected });
    if (values.length !== columns.length) return wrong(cells.length - 1, `${2 + columns.length} numbers in a row`);
    if (!Number.isSafeInteger(client) || client < 0) return wrong(0, 'a client index');
    const before = lastTime.get(client);
    if (before === undefined && client !== lastTime.size) return wrong(0, `client ${lastTime.size} before it`);
    if (before === undefined && time !== 0) return wrong(1, `0, since it is the first row of client ${client}`);
    if (before !== undefined && !(time > before)) return wrong(1, `a time after ${before}`);
    lastTime.set(client, time);
    for (const [i, { takes, holds }] of columns.entries()) if (!holds(values[i]!)) return wrong(2 + i, takes);
  }
  return null;
}

/** The same as a condition on complete settings. */
export const traceIsSound =
  (columns: readonly TraceColumn[]) =>
  ({ trace, period }: { readonly trace: Trace | string; readonly period: number | null }) => {
    if (typeof trace === 'string')
      return { at: 'trace', expected: '{ rows }: commands read the file that a path names, a program does so itself' };
    const problem = traceProblem(trace.rows, columns);
    if (problem) return { at: `trace.rows.${problem.row}.${problem.column}`, expected: problem.expected };
    const last = trace.rows.reduce((latest, [, time]) => Math.max(latest, time!), 0);
    return period === null || period > last
      ? null
      : { at: 'period', expected: `above the last time of the trace, ${last}` };
  };

const settings = defineSettings(traceSettings([]));
type TraceSettings = Pick<SettingsOf<typeof settings>, 'trace' | 'timeUnit' | 'period'>;

/** The values of a trace by client and time. */
export class TraceTable {
  private readonly devices: { readonly times: number[]; readonly rows: (readonly number[])[] }[] = [];
  private readonly inRounds: boolean;
  private readonly period: number | null;

  constructor({ trace, timeUnit, period }: TraceSettings) {
    this.inRounds = timeUnit === 'rounds';
    this.period = period;
    for (const cells of (trace as Trace).rows) {
      const device = (this.devices[cells[0]!] ??= { times: [], rows: [] });
      device.times.push(cells[1]!);
      device.rows.push(cells);
    }
  }

  /** The row that holds for the client in this round, which began at `atMs` of simulated time: values from index 2 on. */
  at(client: ClientIndex, round: number, atMs: number): readonly number[] {
    const { times, rows } = this.devices[client % this.devices.length]!;
    const elapsed = this.inRounds ? round : atMs / 1000;
    const time = this.period === null ? elapsed : elapsed % this.period;
    let [low, high] = [0, times.length - 1];
    while (low < high) {
      const middle = (low + high + 1) >>> 1;
      if (times[middle]! <= time) low = middle;
      else high = middle - 1;
    }
    return rows[low]!;
  }

  /** When some row begins to hold after `atMs`, simulated ms; Infinity: none does, or the trace is in rounds. */
  nextChangeMs(atMs: number): number {
    if (this.inRounds) return Number.POSITIVE_INFINITY;
    const elapsed = atMs / 1000;
    const begun = this.period === null ? 0 : Math.floor(elapsed / this.period) * this.period;
    let next = this.period === null ? Number.POSITIVE_INFINITY : begun + this.period;
    for (const { times } of this.devices)
      for (const time of times) if (begun + time > elapsed) next = Math.min(next, begun + time);
    return Math.ceil(1000 * next);
  }

  /** The last value of a row over time, from one time in seconds to a later one. */
  integral(client: ClientIndex, from: number, to: number): number {
    return this.until(client, to) - this.until(client, from);
  }

  /** From 0 on. */
  private until(client: ClientIndex, time: number): number {
    const { times, rows } = this.devices[client % this.devices.length]!;
    const over = (end: number) => {
      let sum = 0;
      for (let i = 0; i < times.length && times[i]! < end; i++)
        sum += rows[i]!.at(-1)! * (Math.min(end, times[i + 1] ?? end) - times[i]!);
      return sum;
    };
    if (this.period === null) return over(time);
    const whole = Math.floor(time / this.period);
    return whole * over(this.period) + over(time - whole * this.period);
  }
}
