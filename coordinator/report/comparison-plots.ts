import type { MetricsRow } from '../run-directory/metrics.js';
import {
  type Axis,
  channel,
  linePlot,
  PLOT_HEIGHT,
  PLOT_WIDTH,
  type PlotSpec,
  type Series,
  scaleFor,
  seriesChannels,
} from './plots.js';

/** Pictures over several runs: bands over seeds, scatter plots. */

/** Runs that differ in nothing but their seed. */
export interface SeedGroup {
  readonly name: string;
  readonly runs: readonly (readonly MetricsRow[])[];
}

/** Mean over the seeds, in a band from the lowest to the highest; rounds that not every run has are left out. */
export function seedBands(groups: readonly SeedGroup[], of: (row: MetricsRow) => number | null, y: Axis): PlotSpec {
  const series = groups.map((group) => bandOf(group, of));
  const values = series.flatMap(({ points }) => points.flatMap((point) => [point.low!, point.y, point.high!]));
  return linePlot(series, { title: 'round', format: 'd' }, { scale: scaleFor(values), ...y });
}

function bandOf({ name, runs }: SeedGroup, of: (row: MetricsRow) => number | null): Series {
  const byRound = new Map<number, number[]>();
  for (const rows of runs) {
    for (const row of rows) {
      const value = of(row);
      if (value === null) continue;
      const values = byRound.get(row.round);
      if (values === undefined) byRound.set(row.round, [value]);
      else values.push(value);
    }
  }
  const points = [...byRound].filter(([, values]) => values.length === runs.length).sort(([a], [b]) => a - b);
  return {
    name,
    points: points.map(([round, values]) => ({
      x: round,
      y: values.reduce((sum, value) => sum + value, 0) / values.length,
      low: Math.min(...values),
      high: Math.max(...values),
    })),
  };
}

export interface ScatterPoint {
  readonly x: number;
  readonly y: number;
  readonly series: string;
}

/** Points alone. */
export function scatter(points: readonly ScatterPoint[], x: Axis, y: Axis): PlotSpec {
  const drawn = points.filter(
    (point) => Number.isFinite(point.x) && Number.isFinite(point.y) && (x.scale !== 'log' || point.x > 0),
  );
  return {
    width: PLOT_WIDTH,
    height: PLOT_HEIGHT,
    data: { values: drawn },
    encoding: {
      x: channel('x', { ...x }),
      y: channel('y', { scale: 'linear', ...y }),
      ...seriesChannels([...new Set(drawn.map(({ series }) => series))]),
    },
    layer: [{ mark: { type: 'point', filled: true, size: 70, opacity: 0.9 } }],
  };
}
