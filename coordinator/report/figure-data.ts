import { csvLine } from '../run-directory/metrics.js';
import type { PlotSpec } from './curve.js';

/** The numbers that a picture shows, as CSV with a column for each field; null: it has none of its own. */
export function figureCsv(spec: PlotSpec): string | null {
  const rows = valuesOf(spec);
  if (rows.length === 0) return null;
  const fields = [...new Set(rows.flatMap((row) => Object.keys(row)))];
  const cell = (value: unknown) => (value === undefined || value === null ? '' : String(value));
  return [fields, ...rows.map((row) => fields.map((field) => cell(row[field])))]
    .map((cells) => `${csvLine(cells)}\n`)
    .join('');
}

/** Of the whole picture, or of its first part that has some. */
function valuesOf(spec: PlotSpec): readonly Readonly<Record<string, unknown>>[] {
  const { data, layer, hconcat, vconcat } = spec as {
    readonly data?: { readonly values?: readonly Readonly<Record<string, unknown>>[] };
    readonly [part: string]: unknown;
  };
  if (Array.isArray(data?.values)) return data.values.filter((row) => typeof row === 'object' && row !== null);
  for (const parts of [layer, hconcat, vconcat])
    for (const part of Array.isArray(parts) ? parts : []) {
      const values = valuesOf(part as PlotSpec);
      if (values.length > 0) return values;
    }
  return [];
}
