import { percentile } from '../../coordinator/run/client-columns.js';
import type { TimesRow } from '../../coordinator/run-directory/times.js';
import { linearSolve, matrixProduct, transpose } from '../../protocol/numerics/linear-algebra.js';
import type { Device, Link } from '../../protocol/scenario/scenario.js';

export type MeasuredTimes = TimesRow & { readonly round: number };

/** What `links` of a scenario says of one direction of all clients. */
type Direction = Pick<Link, 'bandwidthMbps' | 'latencyMs'> & { readonly direction: 'up' | 'down' };

/** Settings of a scenario under which its rounds take what was measured. */
export interface Calibration {
  readonly devices: readonly Pick<Device, 'clients' | 'msPerExample' | 'msPerRound'>[];
  readonly links: readonly Direction[];
  /** What the sizes of the messages separate: a bandwidth for each direction, one for both, or the latency alone. */
  readonly bandwidth: (typeof BANDWIDTHS)[number];
}

const BITS_PER_MS_OF_MBPS = 1000;
const BANDWIDTHS = ['not separated from latency', 'one for both', 'by direction'] as const;
/** Columns are taken for dependent below this determinant of their Gram matrix at length 1. */
const SMALLEST_DETERMINANT = 1e-4;

/**
 * Devices and links from what was measured. Of all medians: a client's milliseconds an example, the time on the way by size of the messages of
 * the quickest client of each round (the frames of others may wait behind its computing), and what remains of a client's span
 * as its `msPerRound`, waiting for other clients of its process included. `latencyMs`: known, of one direction; null: fitted.
 */
export function calibrate(times: readonly MeasuredTimes[], latencyMs: number | null = null): Calibration {
  const onTheWay = wayOf(times, latencyMs);
  const byClient = grouped(times, ({ client }) => client);
  const devices = [...byClient]
    .sort(([a], [b]) => a - b)
    .map(([client, rows]) => {
      const computing = rows.filter(({ examples }) => examples > 0);
      const msPerExample =
        computing.length === 0 ? 0 : median(computing.map(({ computedMs, examples }) => computedMs / examples));
      const rest = rows.map((row) => row.spanMs - onTheWay.ms(row) - msPerExample * row.heldExamples);
      return { clients: [client], msPerExample, msPerRound: Math.max(0, median(rest)) };
    });
  const all = (what: 'msPerExample' | 'msPerRound') => median(devices.map((device) => device[what]));
  // Of clients that were never measured.
  const other = { clients: 'all' as const, msPerExample: all('msPerExample'), msPerRound: all('msPerRound') };
  return { devices: [other, ...devices], links: onTheWay.links, bandwidth: onTheWay.bandwidth };
}

/** The same with so much more in every round of a client. */
export function slower({ devices, ...rest }: Calibration, ms: number): Calibration {
  return { ...rest, devices: devices.map((device) => ({ ...device, msPerRound: device.msPerRound + ms })) };
}

interface Way extends Pick<Calibration, 'links' | 'bandwidth'> {
  ms(row: Pick<TimesRow, 'bytesDown' | 'bytesUp'>): number;
}

function wayOf(times: readonly MeasuredTimes[], latencyMs: number | null): Way {
  const sizes = sizesOf(times);
  const ms = sizes.map((size) => size.ms - 2 * (latencyMs ?? 0));
  const one = sizes.map(() => 1);
  const byDirection = [sizes.map(({ bytesDown }) => bytesDown), sizes.map(({ bytesUp }) => bytesUp)];
  const together = [sizes.map(({ bytesDown, bytesUp }) => bytesDown + bytesUp)];
  const way = (oneWayMs: number, perByte: readonly number[]): Way => {
    const [down = 0, up = down] = perByte;
    return {
      ms: ({ bytesDown, bytesUp }) => 2 * oneWayMs + down * bytesDown + up * bytesUp,
      links: [link('down', oneWayMs, down), link('up', oneWayMs, up)],
      bandwidth: BANDWIDTHS[perByte.length]!,
    };
  };
  const several = [byDirection, together];
  if (latencyMs === null) {
    for (const bytes of several) {
      const found = leastSquares([one, ...bytes], ms);
      if (found?.every((value) => value >= 0)) return way(found[0]! / 2, found.slice(1));
    }
    // One size of messages: whatever they take is as well latency as bandwidth.
    if (leastSquares([one, ...together], ms) === null) return way(Math.max(0, median(ms)) / 2, []);
  }
  for (const bytes of several) {
    const found = leastSquares(bytes, ms);
    if (found?.every((value) => value >= 0)) return way(latencyMs ?? 0, found);
  }
  return way(latencyMs ?? 0, []);
}

function link(direction: 'up' | 'down', latencyMs: number, msPerByte: number): Direction {
  return { direction, latencyMs, bandwidthMbps: msPerByte === 0 ? null : 8 / msPerByte / BITS_PER_MS_OF_MBPS };
}

interface Size extends Pick<TimesRow, 'bytesDown' | 'bytesUp'> {
  readonly ms: number;
}

/** By size of the two messages: the median, over rounds, of the least time on the way of a round. */
function sizesOf(times: readonly MeasuredTimes[]): Size[] {
  return [...grouped(times, ({ bytesDown, bytesUp }) => `${bytesDown} ${bytesUp}`).values()].map((rows) => {
    const rounds = grouped(rows, ({ round }) => round);
    const least = [...rounds.values()].map((each) => Math.min(...each.map(({ spanMs, heldMs }) => spanMs - heldMs)));
    const [{ bytesDown, bytesUp }] = rows as [MeasuredTimes];
    return { bytesDown, bytesUp, ms: median(least) };
  });
}

/** Coefficients of the columns; null where they depend on each other, or nearly. */
function leastSquares(columns: readonly (readonly number[])[], y: readonly number[]): number[] | null {
  const lengths = columns.map((column) => Math.hypot(...column));
  const [n, k] = [y.length, columns.length];
  // Rows of the transpose, each of length 1.
  const unit = Float64Array.from(columns.flatMap((column, i) => column.map((value) => value / (lengths[i] || 1))));
  const gram = matrixProduct(unit, transpose(unit, n), n);
  if (determinant(gram, k) < SMALLEST_DETERMINANT) return null;
  const found = linearSolve(gram, matrixProduct(unit, Float64Array.from(y), n));
  return [...found].map((value, i) => value / lengths[i]!);
}

function determinant(a: ArrayLike<number>, order: number): number {
  if (order === 1) return a[0]!;
  if (order === 2) return a[0]! * a[3]! - a[1]! * a[2]!;
  const minor = (i: number, j: number) => a[3 + i]! * a[6 + j]! - a[3 + j]! * a[6 + i]!;
  return a[0]! * minor(1, 2) - a[1]! * minor(0, 2) + a[2]! * minor(0, 1);
}

function grouped<T, K>(values: readonly T[], keyOf: (value: T) => K): Map<K, T[]> {
  const groups = new Map<K, T[]>();
  for (const value of values) {
    const group = groups.get(keyOf(value));
    if (group) group.push(value);
    else groups.set(keyOf(value), [value]);
  }
  return groups;
}

function median(values: readonly number[]): number {
  return percentile(
    [...values].sort((a, b) => a - b),
    0.5,
  );
}
