import type { MetricsRow } from '../run-directory/metrics.js';
import {
  type Axis,
  type CurvePoint,
  channel,
  type Figure,
  linePlot,
  PLOT_HEIGHT,
  PLOT_WIDTH,
  type PlotSpec,
  scaleFor,
} from './plots.js';
import { looksOf } from './series-looks.js';
import { BYTE_UNITS, TIME_UNITS, unitFor } from './units.js';

/** Pictures over several runs: bands over seeds, scatter plots. */

/** Runs that differ in nothing but their seed. */
export interface SeedGroup {
  readonly name: string;
  readonly runs: readonly (readonly MetricsRow[])[];
}

export type Abscissa = 'round' | 'bytes' | 'simulated-time';

const ABSCISSAE: readonly Abscissa[] = ['round', 'bytes', 'simulated-time'];

/**
 * Mean over the seeds after each round, in a band from the lowest to the highest; by bytes or simulated time, it stands at their mean.
 * Rounds that not every run has are left out. Null: the axis would have no length.
 */
export function seedBands(
  groups: readonly SeedGroup[],
  of: (row: MetricsRow) => number | null,
  y: Axis,
  by: Abscissa = 'round',
): PlotSpec | null {
  const bands = groups.map((group) => ({ name: group.name, points: bandOf(group, of, by) }));
  const largest = Math.max(0, ...bands.flatMap(({ points }) => points.map((point) => point.x)));
  const units = by === 'bytes' ? BYTE_UNITS : TIME_UNITS;
  const unit = by === 'round' ? { name: '', size: 1 } : unitFor(largest, units);
  const series = bands.map(({ name, points }) => ({
    name,
    points: points.map((point) => ({ ...point, x: point.x / unit.size })),
  }));
  if (new Set(series.flatMap(({ points }) => points.map((point) => point.x))).size < 2) return null;
  const titles = {
    round: { title: 'round', format: 'd' },
    bytes: { title: `bytes sent so far, all directions (${unit.name})` },
    'simulated-time': { title: `simulated time (${unit.name})` },
  };
  const values = series.flatMap(({ points }) => points.flatMap((point) => [point.low!, point.y, point.high!]));
  return linePlot(series, titles[by], { scale: scaleFor(values), ...y });
}

/** Held-out loss and accuracy of every group by round, bytes and time, each in its band. `seeds`: of a group, for the caption. */
export function bandFigures(groups: readonly SeedGroup[], seeds: number): Figure[] {
  const words = {
    round: 'round',
    bytes: 'bytes sent in all directions',
    'simulated-time': 'simulated time',
  };
  const rows = groups.flatMap(({ runs }) => runs.flat());
  return (['loss', 'accuracy'] as const).flatMap((of) =>
    ABSCISSAE.flatMap((by) => {
      const y = { title: `${of} (held out)`, ...(of === 'accuracy' ? { format: '.0%' } : {}) };
      if (!rows.some((row) => row[of] !== null)) return [];
      const spec = seedBands(groups, (row) => row[of], y, by);
      if (!spec) return [];
      const caption = `Held-out ${of} by ${words[by]}: ${bandWords(seeds)}.`;
      return [{ name: `${of}-by-${by}`, caption, spec }];
    }),
  );
}

function bandWords(seeds: number): string {
  return `mean over ${seeds} seeds, in the band from the lowest to the highest`;
}

function bandOf({ runs }: SeedGroup, of: (row: MetricsRow) => number | null, by: Abscissa): CurvePoint[] {
  const byRound = new Map<number, { readonly x: number; readonly y: number }[]>();
  for (const rows of runs) {
    let bytes = 0;
    for (const row of rows) {
      bytes += row.bytesUp + row.bytesDown + row.bytesPeer;
      const value = of(row);
      if (value === null) continue;
      const x = by === 'round' ? row.round : by === 'bytes' ? bytes : row.simulatedMs;
      const points = byRound.get(row.round) ?? [];
      byRound.set(row.round, points);
      points.push({ x, y: value });
    }
  }
  const complete = [...byRound].filter(([, points]) => points.length === runs.length).sort(([a], [b]) => a - b);
  return complete.map(([, points]) => pointOf(points));
}

/** The mean of both coordinates, and the band of the second. */
export function pointOf(points: readonly { readonly x: number; readonly y: number }[]): CurvePoint {
  const ys = points.map(({ y }) => y);
  return {
    x: mean(points.map(({ x }) => x)),
    y: mean(ys),
    low: Math.min(...ys),
    high: Math.max(...ys),
  };
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

export interface ScatterPoint extends CurvePoint {
  readonly series: string;
}

/** Points alone, each with a rule from `low` to `high` where it has them. */
export function scatter(points: readonly ScatterPoint[], x: Axis, y: Axis): PlotSpec {
  const drawn = points.filter(
    (point) => Number.isFinite(point.x) && Number.isFinite(point.y) && (x.scale !== 'log' || point.x > 0),
  );
  const { color, shape } = looksOf(
    drawn.map(({ series }) => series),
    PLOT_WIDTH,
  );
  const yAxis: Axis = { scale: 'linear', ...y };
  const bars = {
    mark: { type: 'rule', strokeWidth: 2, opacity: 0.6 },
    encoding: { y: channel('low', yAxis), y2: { field: 'high' } },
  };
  return {
    width: PLOT_WIDTH,
    height: PLOT_HEIGHT,
    data: { values: drawn },
    encoding: { x: channel('x', { ...x }), y: channel('y', yAxis), color },
    layer: [
      ...(drawn.some(({ low }) => low !== undefined) ? [bars] : []),
      { mark: { type: 'point', filled: true, size: 90, opacity: 0.9 }, encoding: { shape } },
    ],
  };
}
