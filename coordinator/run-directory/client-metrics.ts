import { readFileSync } from 'node:fs';
import { AppendOnlyFile } from './append-only-file.js';
import { csvLines } from './csv-lines.js';
import { csvLine } from './metrics.js';

const HEADER = 'round,client,metric,value';

/** A client's figures of one round by name. */
export interface ClientRow {
  readonly client: number;
  readonly figures: Readonly<Record<string, number>>;
}

/** metrics-by-client.csv while it grows: a line for each number of each client. */
export class ClientMetricsFile extends AppendOnlyFile {
  private hasHeader = this.length > 0;

  rows(round: number, rows: readonly ClientRow[]): void {
    for (const { client, figures } of rows)
      for (const [metric, value] of Object.entries(figures)) {
        if (!this.hasHeader) this.append(HEADER);
        this.hasHeader = true;
        this.append(csvLine([`${round}`, `${client}`, metric, `${value}`]));
      }
  }

  override cut(byteLength: number): boolean {
    const done = super.cut(byteLength);
    this.hasHeader = this.length > 0;
    return done;
  }
}

/** The values of each metric by client, in the last round of the file that has it. */
export function lastClientFigures(path: string): ReadonlyMap<string, ReadonlyMap<number, number>> {
  const lines = csvLines(readFileSync(path, 'utf8'), { fromLine: 2 });
  const last = new Map<string, { readonly round: string; readonly values: Map<number, number> }>();
  for (const [round, client, metric, value] of lines as [string, string, string, string][]) {
    let entry = last.get(metric);
    if (entry?.round !== round) last.set(metric, (entry = { round, values: new Map() }));
    entry.values.set(Number(client), Number(value));
  }
  return new Map([...last].map(([metric, { values }]) => [metric, values]));
}
