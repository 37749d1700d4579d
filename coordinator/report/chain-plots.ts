import type { Gaussian } from '../../protocol/bayesian/conjugate.js';
import { autocovarianceAt } from '../../protocol/numerics/autocovariance.js';
import { cosineOfTurns, sineOfTurns } from '../../protocol/numerics/elementary.js';
import { cholesky } from '../../protocol/numerics/linear-algebra.js';
import { type ChainDraws, parameterChains } from '../run-directory/draws.js';

/** Plots of chains as Vega-Lite specifications: plain objects, rendered with the report. */
export type VegaLiteSpec = Readonly<Record<string, unknown>>;

const SCHEMA = 'https://vega.github.io/schema/vega-lite/v6.json';
/** Points a picture holds at most; more only make it larger. */
const POINT_LIMIT = 8000;
/** Takes the page's text colour, on light and dark paper. */
const INK = 'currentColor';

interface Frame {
  readonly title: string;
  readonly width?: number;
  readonly height?: number;
}

function framed({ title, width = 480, height = 240 }: Frame): VegaLiteSpec {
  return { $schema: SCHEMA, title, width, height };
}

const chainColour = { field: 'chain', type: 'nominal', title: 'chain' };

/** Every stride-th draw, so that all chains together stay below the limit. */
function strideOf(draws: ChainDraws): number {
  const total = draws.reduce((sum, chain) => sum + chain.length, 0);
  return Math.max(1, Math.ceil(total / POINT_LIMIT));
}

/** One parameter against the draw's number, one line a chain. `truth`: draws the known mean as a rule. */
export function traceSpec(
  draws: ChainDraws,
  parameter: number,
  frame: Frame & { readonly truth?: number },
): VegaLiteSpec {
  const stride = strideOf(draws);
  const values: { draw: number; value: number; chain: string }[] = [];
  for (const [c, chain] of draws.entries())
    for (let n = 0; n < chain.length; n += stride)
      values.push({ draw: n, value: chain[n]![parameter]!, chain: `${c}` });
  const lines = {
    data: { values },
    mark: { type: 'line', strokeWidth: 1, opacity: 0.7 },
    encoding: {
      x: { field: 'draw', type: 'quantitative', title: 'draw' },
      y: { field: 'value', type: 'quantitative', title: `parameter ${parameter}`, scale: { zero: false } },
      color: chainColour,
    },
  };
  return { ...framed(frame), layer: frame.truth === undefined ? [lines] : [lines, rule(frame.truth)] };
}

function rule(value: number): VegaLiteSpec {
  return {
    data: { values: [{ value }] },
    mark: { type: 'rule', strokeDash: [4, 4], color: INK },
    encoding: { y: { field: 'value', type: 'quantitative' } },
  };
}

/** Autocorrelations of one chain at lags 0 to maxLag, divisor n. A constant chain has 1 at lag 0 and 0 elsewhere. */
export function autocorrelations(chain: Float64Array, maxLag: number): Float64Array {
  const n = chain.length;
  const mean = chain.reduce((sum, value) => sum + value, 0) / n;
  const power = autocovarianceAt(chain, mean, 0);
  return Float64Array.from({ length: Math.min(maxLag, n - 1) + 1 }, (_, lag) =>
    lag === 0 ? 1 : power > 0 ? autocovarianceAt(chain, mean, lag) / power : 0,
  );
}

/** Autocorrelation of one parameter against the lag, one line a chain. */
export function autocorrelationSpec(
  draws: ChainDraws,
  parameter: number,
  frame: Frame & { readonly maxLag?: number },
): VegaLiteSpec {
  const values = parameterChains(draws, parameter).flatMap((chain, c) =>
    Array.from(autocorrelations(chain, frame.maxLag ?? 50), (autocorrelation, lag) => ({
      lag,
      autocorrelation,
      chain: `${c}`,
    })),
  );
  return {
    ...framed(frame),
    data: { values },
    mark: { type: 'line', point: true },
    encoding: {
      x: { field: 'lag', type: 'quantitative', title: 'lag (draws)' },
      y: { field: 'autocorrelation', type: 'quantitative', title: 'autocorrelation' },
      color: chainColour,
    },
  };
}

/** Points of {x: (x - mean)^T covariance^-1 (x - mean) = radius^2} in the plane, closed. */
export function ellipse(
  law: Gaussian,
  radius: number,
  pointCount = 72,
): readonly { readonly x: number; readonly y: number }[] {
  const [a, , b, c] = cholesky(law.covariance) as unknown as [number, number, number, number];
  return Array.from({ length: pointCount + 1 }, (_, k) => {
    const u = radius * cosineOfTurns(k / pointCount);
    const v = radius * sineOfTurns(k / pointCount);
    return { x: law.mean[0]! + a * u, y: law.mean[1]! + b * u + c * v };
  });
}

/** The part of a law that two parameters see. */
function plane({ mean, covariance }: Gaussian, x: number, y: number): Gaussian {
  const d = mean.length;
  const entry = (i: number, j: number) => covariance[i * d + j]!;
  return {
    mean: Float64Array.of(mean[x]!, mean[y]!),
    covariance: Float64Array.of(entry(x, x), entry(x, y), entry(y, x), entry(y, y)),
  };
}

/**
 * Draws of two parameters, one colour a chain. `reference`: a Gaussian over all parameters, drawn as the ellipse that
 * holds 95 % of its mass (squared radius 5.991).
 */
export function pairSpec(
  draws: ChainDraws,
  parameters: readonly [number, number],
  frame: Frame & { readonly reference?: Gaussian },
): VegaLiteSpec {
  const [x, y] = parameters;
  const stride = strideOf(draws);
  const values: { x: number; y: number; chain: string }[] = [];
  for (const [c, chain] of draws.entries())
    for (let n = 0; n < chain.length; n += stride) values.push({ x: chain[n]![x]!, y: chain[n]![y]!, chain: `${c}` });
  const axes = {
    x: { field: 'x', type: 'quantitative', title: `parameter ${x}`, scale: { zero: false } },
    y: { field: 'y', type: 'quantitative', title: `parameter ${y}`, scale: { zero: false } },
  };
  const points = {
    data: { values },
    mark: { type: 'point', filled: true, size: 22, opacity: 0.5 },
    encoding: { ...axes, color: chainColour },
  };
  if (!frame.reference) return { ...framed({ width: 320, height: 320, ...frame }), layer: [points] };
  const outline = ellipse(plane(frame.reference, x, y), Math.sqrt(5.991464547107979)).map((point, order) => ({
    ...point,
    order,
  }));
  const curve = {
    data: { values: outline },
    mark: { type: 'line', color: INK, strokeWidth: 1.5 },
    encoding: { ...axes, order: { field: 'order', type: 'quantitative' } },
  };
  return { ...framed({ width: 320, height: 320, ...frame }), layer: [points, curve] };
}
