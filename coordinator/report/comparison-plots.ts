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

/** Pictures over several runs: bands over seeds, scatter plots with power laws. */

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

/** y = exp(intercept) x^slope by least squares on logarithms; `rSquared` of those. */
export interface PowerLaw {
  readonly series: string;
  readonly slope: number;
  readonly intercept: number;
  readonly rSquared: number;
}

/** One power law a series, over its points with positive finite coordinates; series without two different x have none. */
export function fitPowerLaws(points: readonly ScatterPoint[]): PowerLaw[] {
  const names = [...new Set(points.map(({ series }) => series))];
  return names.flatMap((series) => {
    const own = points.filter((point) => point.series === series && isPositive(point));
    const fit = leastSquares(
      own.map(({ x }) => Math.log(x)),
      own.map(({ y }) => Math.log(y)),
    );
    return fit === null ? [] : [{ series, ...fit }];
  });
}

function isPositive({ x, y }: ScatterPoint): boolean {
  return x > 0 && y > 0 && Number.isFinite(x) && Number.isFinite(y);
}

function leastSquares(x: readonly number[], y: readonly number[]): Omit<PowerLaw, 'series'> | null {
  const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
  const [meanX, meanY] = [mean(x), mean(y)];
  let [xx, xy, yy] = [0, 0, 0];
  for (let i = 0; i < x.length; i++) {
    const [dx, dy] = [x[i]! - meanX, y[i]! - meanY];
    xx += dx * dx;
    xy += dx * dy;
    yy += dy * dy;
  }
  if (!(xx > 0)) return null;
  const slope = xy / xx;
  return { slope, intercept: meanY - slope * meanX, rSquared: yy === 0 ? 1 : (xy * xy) / (xx * yy) };
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

/** Points and their power laws on logarithmic axes; each law's exponent stands in the legend. */
export function scatterWithFits(points: readonly ScatterPoint[], x: Axis, y: Axis): PlotSpec {
  const drawn = points.filter(isPositive);
  const fits = fitPowerLaws(drawn);
  const label = (series: string) => {
    const fit = fits.find((each) => each.series === series);
    return fit === undefined ? series : `${series}: exponent ${fit.slope.toFixed(2)}`;
  };
  const values = drawn.map((point) => ({ ...point, series: label(point.series) }));
  const lines = fits.flatMap((fit) => {
    const own = drawn.filter(({ series }) => series === fit.series).map((point) => point.x);
    return [Math.min(...own), Math.max(...own)].map((end) => ({
      x: end,
      y: Math.exp(fit.intercept + fit.slope * Math.log(end)),
      series: label(fit.series),
    }));
  });
  const encoding = {
    x: channel('x', { scale: 'log', ...x }),
    y: channel('y', { scale: 'log', ...y }),
    ...seriesChannels(values.map(({ series }) => series)),
  };
  return {
    width: PLOT_WIDTH,
    height: PLOT_HEIGHT,
    encoding,
    layer: [
      { data: { values: lines }, mark: { type: 'line', strokeWidth: 1.8, opacity: 0.75 } },
      { data: { values }, mark: { type: 'point', filled: true, size: 70, opacity: 0.9 } },
    ],
  };
}
