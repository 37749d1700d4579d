import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { replaceFile } from './atomic-file.js';
import { csvLine, type MetricsRow } from './metrics.js';

/** A point of a sweep and its rows. */
export interface PointRows {
  /** Its folder, as in index.csv, which has its settings. */
  readonly point: string;
  readonly seed: number;
  readonly rows: readonly MetricsRow[];
}

/** Columns of equal length: one entry for each number that was measured. */
interface LongTable {
  readonly point: string[];
  readonly seed: number[];
  readonly round: number[];
  readonly metric: string[];
  readonly value: number[];
}

/** Writes every number of a sweep as `results.csv` and `results.parquet`: point, seed, round, metric, value. */
export async function writeLongTable(folder: string, points: readonly PointRows[]): Promise<void> {
  const table = longTable(points);
  const lines = table.point.map((point, i) =>
    csvLine([point, `${table.seed[i]}`, `${table.round[i]}`, table.metric[i]!, `${table.value[i]}`]),
  );
  replaceFile(join(folder, 'results.csv'), `${['point,seed,round,metric,value', ...lines].join('\n')}\n`);
  // Loaded only here: a run alone needs no Parquet.
  const { parquetWriteBuffer } = await import('hyparquet-writer');
  const buffer = parquetWriteBuffer({
    columnData: [
      { name: 'point', data: table.point, type: 'STRING' },
      { name: 'seed', data: table.seed, type: 'DOUBLE' },
      { name: 'round', data: table.round, type: 'INT32' },
      { name: 'metric', data: table.metric, type: 'STRING' },
      { name: 'value', data: table.value, type: 'DOUBLE' },
    ],
  });
  writeFileSync(join(folder, 'results.parquet'), new Uint8Array(buffer));
}

function longTable(points: readonly PointRows[]): LongTable {
  const table: LongTable = { point: [], seed: [], round: [], metric: [], value: [] };
  for (const { point, seed, rows } of points)
    for (const { round, extra, ...measured } of rows)
      for (const [metric, value] of Object.entries({ ...measured, ...extra })) {
        if (value === null) continue;
        table.point.push(point);
        table.seed.push(seed);
        table.round.push(round);
        table.metric.push(metric);
        table.value.push(value);
      }
  return table;
}
