import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { replaceFile } from '../run-directory/atomic-file.js';
import type { Axis, CurvePoint, Figure, PlotSpec, Series } from './curve.js';
import { endLabels } from './end-labels.js';
import { figureCsv } from './figure-data.js';
import { withTitles } from './hover.js';
import { LEGEND_FONT_SIZE, looksOf, PALETTE } from './series-looks.js';

export type { Axis, CurvePoint, Figure, PlotSpec, Series } from './curve.js';

/** More points than this on one curve are not visible. */
const MAX_POINTS = 800;
export const PLOT_WIDTH = 560;
export const PLOT_HEIGHT = 300;
/** Takes the page's text colour when inside a page, and black in a file of its own. */
const INK = 'currentColor';

/** Of a curve with more points, so many carry its shape, and so many more answer to the pointer. */
const MANY_POINTS = 30;
const SHAPED_POINTS = 8;
const HOVER_POINTS = 60;

/** Fonts, lines and colours of every picture. */
const CONFIG = {
  background: null,
  font: 'system-ui, -apple-system, "Segoe UI", "DejaVu Sans", sans-serif',
  view: { stroke: null },
  axis: {
    labelFontSize: 13,
    titleFontSize: 14,
    titleFontWeight: 500,
    titlePadding: 10,
    labelColor: INK,
    titleColor: INK,
    domainColor: INK,
    tickColor: INK,
    gridColor: INK,
    gridOpacity: 0.13,
    domainOpacity: 0.6,
    tickOpacity: 0.6,
    labelOverlap: true,
    labelFlush: false,
  },
  legend: {
    labelFontSize: LEGEND_FONT_SIZE,
    titleFontSize: 13,
    titleFontWeight: 500,
    labelColor: INK,
    titleColor: INK,
    symbolSize: 160,
    symbolStrokeWidth: 3,
    symbolOpacity: 1,
    labelLimit: 0,
    orient: 'bottom',
    direction: 'horizontal',
  },
  title: { fontSize: 15, color: INK, subtitleColor: INK, anchor: 'start', offset: 12 },
  header: { labelColor: INK, titleColor: INK, labelFontSize: 13, titleFontSize: 14 },
  text: { color: INK, fontSize: 13 },
  rule: { color: INK },
  mark: { color: PALETTE[0] },
  range: { category: PALETTE },
};

/** Any Vega-Lite specification as SVG, in this page's fonts and colours unless the specification has its own. */
export async function renderSvg(spec: PlotSpec): Promise<string> {
  // Loaded only when a picture is drawn: a third of a second that a run without a report need not pay.
  const [vega, { compile }] = await Promise.all([import('vega'), import('vega-lite')]);
  const logger = vega.logger(vega.Error);
  const compiled = compile(spec as unknown as Parameters<typeof compile>[0], { config: CONFIG as object, logger }).spec;
  const view = new vega.View(vega.parse(compiled), { renderer: 'none', logger });
  try {
    return withTitles(await view.toSVG());
  } finally {
    view.finalize();
  }
}

/**
 * The same SVG as a part of a page: ids get a prefix, since clip paths of two pictures on one page would mix, and the size
 * follows the page's width.
 */
export function inlineSvg(svg: string, prefix: string): string {
  return svg
    .replace(/\bid="([^"]+)"/g, `id="${prefix}-$1"`)
    .replace(/url\(#([^)]+)\)/g, `url(#${prefix}-$1)`)
    .replace(/(href=")#/g, `$1#${prefix}-`);
}

/** A figure's name as part of a file's. */
export function inFileName(name: string): string {
  return name.replace(/[^A-Za-z0-9._-]+/g, '-');
}

/** Writes `plots/<name>.svg` below `directory`, on white paper, and returns the bare SVG. */
export async function writeFigure(directory: string, figure: Figure): Promise<string> {
  const svg = await renderSvg(figure.spec);
  const onPaper = svg.replace('<svg ', '<svg style="background:#fff;color:#1a1a1a" ');
  mkdirSync(join(directory, 'plots'), { recursive: true });
  replaceFile(join(directory, 'plots', `${figure.name}.svg`), onPaper);
  return svg;
}

/** Writes `plots/<name>.csv` below `directory`: the numbers that the picture shows. False: it has none. */
export function writeFigureData(directory: string, { name, spec }: Figure): boolean {
  const csv = figureCsv(spec);
  if (csv !== null) replaceFile(join(directory, 'plots', `${name}.csv`), csv);
  return csv !== null;
}

/**
 * Curves of several series over one axis, with bands where points have them, and dots: all where there are few, else some. A few short
 * names stand beside the ends of their curves, others in a legend.
 */
export function linePlot(series: readonly Series[], x: Axis, y: Axis): PlotSpec {
  const drawn = series.map(({ name, points }) => ({ name, points: decimate(points.filter(isDrawable(x, y))) }));
  const rows = rowsOf(drawn, Number.POSITIVE_INFINITY);
  const few = drawn.every(({ points }) => points.length <= MANY_POINTS);
  const wideX = widened(
    rows.map((row) => row.x),
    x,
  );
  const wideY = widened(
    rows.flatMap((row) => [row.low ?? row.y, row.high ?? row.y]),
    y,
  );
  const labels = endLabels(drawn, wideX, wideY, { width: PLOT_WIDTH, height: PLOT_HEIGHT });
  const [xAxis, yAxis, width] = labels ? [labels.x, labels.y, labels.width] : [wideX, wideY, PLOT_WIDTH];
  const { shape, ...common } = looksOf(
    series.map(({ name }) => name),
    width,
    labels === null,
  );
  const encoding = { x: channel('x', xAxis), y: channel('y', yAxis), ...common };
  const layers: object[] = [{ mark: { type: 'line', strokeWidth: 2.2, clip: true, interpolate: 'linear' } }];
  if (rows.some(({ low }) => low !== undefined)) {
    layers.unshift({
      mark: { type: 'area', opacity: 0.18, clip: true },
      encoding: { strokeDash: null, y: channel('low', yAxis), y2: { field: 'high' } },
    });
  }
  const dots = (count: number, mark: object) =>
    layers.push({
      ...(few ? {} : { data: { values: rowsOf(drawn, count) } }),
      mark: { type: 'point', filled: true, ...mark },
      encoding: { strokeDash: null, shape },
    });
  if (few) dots(MANY_POINTS, { size: 55, opacity: 1 });
  else {
    if (drawn.length > 1) dots(SHAPED_POINTS, { size: 55, opacity: 1 });
    dots(HOVER_POINTS, { size: 90, opacity: 0 });
  }
  if (labels) layers.push(labels.layer);
  return { width, height: PLOT_HEIGHT, data: { values: rows }, encoding, layer: layers };
}

/** At most `most` points of each series, evenly spaced, the last among them. */
function rowsOf(series: readonly Series[], most: number): (CurvePoint & { readonly series: string })[] {
  return series.flatMap(({ name, points }) => {
    const count = Math.min(most, points.length);
    const chosen = Array.from({ length: count }, (_, k) => points[Math.ceil(((k + 1) * points.length) / count) - 1]!);
    return chosen.map((point) => ({ ...point, series: name }));
  });
}

/** Only powers of ten have full grid lines; long decimals become 1e-6. */
const LOG_AXIS = {
  tickCount: 6,
  labelExpr:
    "datum.label === '' ? '' : format(datum.value, datum.value < 0.001 || datum.value >= 100000 ? '.0e' : '~g')",
  gridOpacity: {
    condition: { test: 'abs(log(datum.value) / LN10 - round(log(datum.value) / LN10)) < 0.001', value: 1 },
    value: 0.3,
  },
};

/** Over a short domain Vega takes half steps in spite of the least step; their labels would repeat a whole number. */
const WHOLE_AXIS = { tickMinStep: 1, labelExpr: "datum.value === round(datum.value) ? datum.label : ''" };

export function channel(field: string, axis: Axis): object {
  const log = axis.scale === 'log';
  const scale = {
    type: axis.scale ?? 'linear',
    zero: false,
    nice: !log && field !== 'x',
    ...(axis.domain && { domain: axis.domain }),
  };
  return {
    field,
    type: 'quantitative',
    scale,
    axis: {
      title: axis.title,
      ...(log && LOG_AXIS),
      ...(axis.format && { format: axis.format }),
      ...(axis.format === 'd' && WHOLE_AXIS),
    },
  };
}

/** A domain around values that are all the same, where the axis would have no length; else none. */
function widened(values: readonly number[], axis: Axis): Axis {
  const [low, high] = [Math.min(...values), Math.max(...values)];
  if (axis.domain !== undefined || low !== high) return axis;
  if (axis.scale === 'log') return { ...axis, domain: [low / 2, low * 2] };
  const margin = axis.format === 'd' ? 1 : Math.abs(low) / 5 || 1;
  return { ...axis, domain: [low - margin, low + margin] };
}

/** Finite, and positive where the axis is logarithmic. */
function isDrawable(x: Axis, y: Axis): (point: CurvePoint) => boolean {
  const fits = (value: number, axis: Axis) => Number.isFinite(value) && (axis.scale !== 'log' || value > 0);
  return (point) =>
    fits(point.x, x) && fits(point.y, y) && fits(point.low ?? point.y, y) && fits(point.high ?? point.y, y);
}

/** At most about MAX_POINTS points: of every stretch the first, the lowest and the highest, and the very last. */
export function decimate(points: readonly CurvePoint[]): readonly CurvePoint[] {
  if (points.length <= MAX_POINTS) return points;
  const stretch = Math.ceil((3 * points.length) / MAX_POINTS);
  const kept: CurvePoint[] = [];
  for (let start = 0; start < points.length; start += stretch) {
    const end = Math.min(start + stretch, points.length);
    let [lowest, highest] = [start, start];
    for (let i = start; i < end; i++) {
      if (points[i]!.y < points[lowest]!.y) lowest = i;
      if (points[i]!.y > points[highest]!.y) highest = i;
    }
    const indices = new Set([start, Math.min(lowest, highest), Math.max(lowest, highest)]);
    for (const index of indices) kept.push(points[index]!);
  }
  if (kept.at(-1) !== points.at(-1)) kept.push(points.at(-1)!);
  return kept;
}

/** Logarithmic when all finite values are positive and span more than a factor of `span`. */
export function scaleFor(values: readonly number[], span = 30): 'linear' | 'log' {
  let [low, high] = [Number.POSITIVE_INFINITY, 0];
  for (const value of values) {
    if (!Number.isFinite(value)) continue;
    if (value <= 0) return 'linear';
    low = Math.min(low, value);
    high = Math.max(high, value);
  }
  return high / low > span ? 'log' : 'linear';
}
