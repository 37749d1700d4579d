import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { replaceFile } from '../run-directory/atomic-file.js';

/** A Vega-Lite specification, as plain data. */
export type PlotSpec = Readonly<Record<string, unknown>>;

/** A picture for the report: `plots/<name>.svg` and, with its caption, a part of the page. */
export interface Figure {
  readonly name: string;
  readonly caption: string;
  readonly spec: PlotSpec;
}

/** A curve: what it is called in the legend, and its points in ascending x. */
export interface Series {
  readonly name: string;
  readonly points: readonly CurvePoint[];
}

/** `low` and `high` draw a band around y. */
export interface CurvePoint {
  readonly x: number;
  readonly y: number;
  readonly low?: number;
  readonly high?: number;
}

export interface Axis {
  /** With its unit. */
  readonly title: string;
  readonly scale?: 'linear' | 'log' | 'symlog' | undefined;
  readonly format?: string | undefined;
  readonly domain?: readonly [number, number] | undefined;
}

/** Okabe and Ito's colours, distinguishable by colour-blind readers, the blue lighter for dark backgrounds, and two more. */
export const PALETTE = [
  '#1b7fbd',
  '#d55e00',
  '#009e73',
  '#cc79a7',
  '#e69f00',
  '#56b4e9',
  '#8c6d31',
  '#7f7f7f',
] as const;
const DASHES = [
  [1, 0],
  [7, 3],
  [2, 3],
  [9, 3, 2, 3],
] as const;

/** More points than this on one curve are not visible. */
const MAX_POINTS = 800;
export const PLOT_WIDTH = 560;
export const PLOT_HEIGHT = 300;
/** Takes the page's text colour when inside a page, and black in a file of its own. */
const INK = 'currentColor';

const LEGEND_FONT_SIZE = 13;
const MAX_LEGEND = PALETTE.length * DASHES.length;

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
    labelLimit: 320,
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
    return await view.toSVG();
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

/** Writes `plots/<name>.svg` below `directory`, on white paper, and returns the bare SVG. */
export async function writeFigure(directory: string, figure: Figure): Promise<string> {
  const svg = await renderSvg(figure.spec);
  const onPaper = svg.replace('<svg ', '<svg style="background:#fff;color:#1a1a1a" ');
  mkdirSync(join(directory, 'plots'), { recursive: true });
  replaceFile(join(directory, 'plots', `${figure.name}.svg`), onPaper);
  return svg;
}

/** Curves of several series over one axis, with bands where points have them and dots where there are few points. */
export function linePlot(series: readonly Series[], x: Axis, y: Axis): PlotSpec {
  const drawn = series.map(({ name, points }) => ({ name, points: decimate(points.filter(isDrawable(x, y))) }));
  const rows = drawn.flatMap(({ name, points }) => points.map((point) => ({ ...point, series: name })));
  const few = drawn.every(({ points }) => points.length <= 30);
  const xAxis = widened(
    rows.map((row) => row.x),
    x,
  );
  const yAxis = widened(
    rows.flatMap((row) => [row.low ?? row.y, row.high ?? row.y]),
    y,
  );
  const encoding = {
    x: channel('x', xAxis),
    y: channel('y', yAxis),
    ...seriesChannels(series.map(({ name }) => name)),
  };
  const layers: object[] = [{ mark: { type: 'line', strokeWidth: 2.2, clip: true, interpolate: 'linear' } }];
  if (rows.some(({ low }) => low !== undefined)) {
    layers.unshift({
      mark: { type: 'area', opacity: 0.18, clip: true },
      encoding: { strokeDash: null, y: channel('low', yAxis), y2: { field: 'high' } },
    });
  }
  if (few) layers.push({ mark: { type: 'point', filled: true, size: 55, opacity: 1 } });
  return { width: PLOT_WIDTH, height: PLOT_HEIGHT, data: { values: rows }, encoding, layer: layers };
}

/** Colour and dash by series, in the given order; no legend for a single one, nor for more series than colours. */
export function seriesChannels(names: readonly string[]): object {
  const domain = [...new Set(names)];
  const legend =
    domain.length > 1 && domain.length <= MAX_LEGEND
      ? { title: null, symbolType: 'stroke', columns: legendColumns(domain) }
      : null;
  const colors = domain.map((_, i) => PALETTE[i % PALETTE.length]);
  const dashes = domain.map((_, i) => DASHES[Math.floor(i / PALETTE.length) % DASHES.length]);
  return {
    color: { field: 'series', type: 'nominal', scale: { domain, range: colors }, legend },
    ...(domain.length > PALETTE.length && {
      strokeDash: { field: 'series', type: 'nominal', scale: { domain, range: dashes }, legend },
    }),
  };
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

/** As many as fit below a plot; without a browser, Vega takes a letter to be 0.8 of the font size wide. */
function legendColumns(names: readonly string[]): number {
  const longest = Math.min(320, Math.max(...names.map((name) => name.length)) * 0.8 * LEGEND_FONT_SIZE);
  return Math.max(1, Math.floor(PLOT_WIDTH / (longest + 35)));
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
