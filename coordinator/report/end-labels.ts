import type { Axis, Series } from './curve.js';
import { LEGEND_FONT_SIZE } from './series-looks.js';

/** Names beside the ends of lines, in place of a legend. */
export interface EndLabels {
  /** Domains that the positions were computed for. */
  readonly x: Axis;
  readonly y: Axis;
  /** Width that is left for the plot. */
  readonly width: number;
  readonly layer: object;
}

const MOST_LABELS = 8;
const LONGEST = 28;
/** Between the middles of two labels, in pixels. */
const LINE = LEGEND_FONT_SIZE + 2;
/** Of a letter, on average. */
const LETTER = 0.6 * LEGEND_FONT_SIZE;
const GAP = 8;

/** Null: there is one series, or more than can stand beside a plot, or their names are long: then a legend has them. */
export function endLabels(
  series: readonly Series[],
  x: Axis,
  y: Axis,
  size: { readonly width: number; readonly height: number },
): EndLabels | null {
  const drawn = series.filter(({ points }) => points.length > 0);
  const longest = Math.max(0, ...series.map(({ name }) => name.length));
  if (drawn.length < 2 || drawn.length !== series.length || drawn.length > MOST_LABELS || longest > LONGEST)
    return null;
  if (y.scale === 'symlog' || x.scale === 'symlog') return null;
  const domains = {
    x: domainOf(
      series.flatMap(({ points }) => points.map((point) => point.x)),
      x,
      0,
    ),
    y: domainOf(
      series.flatMap(({ points }) => points.flatMap((point) => [point.low ?? point.y, point.high ?? point.y])),
      y,
      0.04,
    ),
  };
  if (!domains.x || !domains.y) return null;
  const width = Math.round(size.width - longest * LETTER - GAP);
  const ends = drawn.map(({ name, points }) => {
    const { x: endX, y: endY } = points.at(-1)!;
    return {
      series: name,
      left: width * shareOf(endX, domains.x!, x),
      top: size.height * (1 - shareOf(endY, domains.y!, y)),
    };
  });
  const values = spreadOut(ends, size.height);
  return {
    x: { ...x, domain: domains.x },
    y: { ...y, domain: domains.y },
    width,
    layer: {
      data: { values },
      mark: { type: 'text', align: 'left', dx: GAP, baseline: 'middle', fontSize: LEGEND_FONT_SIZE, fontWeight: 600 },
      encoding: {
        x: { field: 'left', type: 'quantitative', scale: null, axis: null },
        y: { field: 'top', type: 'quantitative', scale: null, axis: null },
        text: { field: 'series', type: 'nominal' },
      },
    },
  };
}

/** Null: the values have no extent. */
function domainOf(values: readonly number[], { domain, scale }: Axis, margin: number): [number, number] | null {
  if (domain) return [...domain];
  let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const value of values) [low, high] = [Math.min(low, value), Math.max(high, value)];
  if (!(low < high)) return null;
  if (scale === 'log') return [low * (low / high) ** margin, high * (high / low) ** margin];
  return [low - margin * (high - low), high + margin * (high - low)];
}

function shareOf(value: number, [low, high]: readonly [number, number], { scale }: Axis): number {
  return scale === 'log' ? Math.log(value / low) / Math.log(high / low) : (value - low) / (high - low);
}

/** Labels that would lie on one another are moved apart, in the order of their lines; all stay beside the plot. Ends further left than all others' stay with their end. */
function spreadOut<T extends { readonly top: number; readonly left: number }>(ends: readonly T[], height: number): T[] {
  const right = Math.max(...ends.map(({ left }) => left));
  const sorted = [...ends].sort((a, b) => a.top - b.top);
  const tops: number[] = [];
  for (const { top } of sorted) tops.push(Math.max(top, (tops.at(-1) ?? Number.NEGATIVE_INFINITY) + LINE));
  for (let i = tops.length - 1, limit = height; i >= 0; i--, limit -= LINE) {
    const below = i + 1 < tops.length ? tops[i + 1]! - LINE : limit;
    tops[i] = Math.min(tops[i]!, below);
  }
  return sorted.map((end, i) => ({ ...end, left: right, top: tops[i]! }));
}
