import { CLIENT_SERIES, ownClientSeries } from '../../protocol/scenario/client-figures.js';
import type { MetricsRow } from '../run-directory/metrics.js';
import { clientBands } from './client-plots.js';
import { type Axis, type Figure, inFileName, linePlot, type Series, scaleFor } from './plots.js';
import { BYTE_UNITS, TIME_UNITS, unitFor } from './units.js';

/** The pictures of one run, from its rows of metrics.csv. */

/** A page with more of either is not read; metrics.csv has them all. */
const MAX_EXTRA_FIGURES = 24;
const MAX_EXTRA_CURVES = 16;

/** Rows of one run, and its name in a legend. */
export interface NamedRun {
  readonly name: string;
  readonly rows: readonly MetricsRow[];
}

/** What a row has on one axis, and how the axis is labelled. */
interface Quantity {
  readonly axis: Axis;
  /** One number a row; null where it has none. */
  readonly values: readonly (number | null)[];
}

/** What the three numbers of bytes of a row count. */
export interface DirectionNames {
  readonly up: string;
  readonly down: string;
  readonly peer: string;
}
const DIRECTIONS: DirectionNames = {
  up: 'clients to coordinator',
  down: 'coordinator to clients',
  peer: 'client to client',
};
/** Of a hierarchy: its upper tier, both ways, and its lower one. */
const TIERS: DirectionNames = {
  up: 'edge servers to coordinator',
  down: 'coordinator to edge servers',
  peer: 'clients and edge servers',
};

export function directionNames(edgeServers = 0): DirectionNames {
  return edgeServers > 0 ? TIERS : DIRECTIONS;
}

/** Between whom the bytes went that neither left nor reached the coordinator. `edgeServers`: of each run. */
export function betweenWords(...edgeServers: readonly number[]): string {
  const words = new Set(edgeServers.map((count) => (count > 0 ? `between ${TIERS.peer}` : 'between peers')));
  return [...words].sort().join(' or ');
}

/** Loss and accuracy by round, by bytes and by simulated time; bytes by round; one picture for each further number. */
export function runFigures(
  rows: readonly MetricsRow[],
  names = directionNames(),
  clientFigures: readonly string[] = [],
): Figure[] {
  return [
    ...lossAndAccuracy([{ name: 'run', rows }]),
    ...clientBands(rows, clientFigures),
    ...bytesByRound(rows, names),
    ...extraMetrics(rows, clientFigures),
  ];
}

/** The same for several runs, one curve each. */
export function comparisonFigures(runs: readonly NamedRun[]): Figure[] {
  return lossAndAccuracy(runs);
}

function lossAndAccuracy(runs: readonly NamedRun[]): Figure[] {
  const figures: Figure[] = [];
  for (const of of ['loss', 'accuracy'] as const) {
    const values = runs.flatMap(({ rows }) => rows.map((row) => row[of])).filter((value) => value !== null);
    if (!values.some(Number.isFinite)) continue;
    const y: Axis =
      of === 'loss'
        ? { title: 'loss (held out)', scale: scaleFor(values) }
        : { title: 'accuracy (held out)', format: '.0%' };
    const undrawn = values.length - values.filter(Number.isFinite).length;
    for (const by of [byRound, byBytes, bySimulatedTime]) {
      const { name, words, quantities } = by(runs.map(({ rows }) => rows));
      if (!quantities.some(spreads)) continue;
      const series = runs.map((run, i) =>
        curve(
          run.name,
          quantities[i]!.values,
          run.rows.map((row) => row[of]),
        ),
      );
      if (!isCurve(series)) continue;
      figures.push({
        name: `${of}-by-${name}`,
        caption: `Held-out ${of} by ${words}.${note(undrawn)}`,
        spec: linePlot(series, quantities[0]!.axis, y),
      });
    }
  }
  return figures;
}

interface Abscissa {
  readonly name: string;
  readonly words: string;
  /** One a run, in one unit for all. */
  readonly quantities: readonly Quantity[];
}

function byRound(runs: readonly (readonly MetricsRow[])[]): Abscissa {
  const axis: Axis = { title: 'round', format: 'd' };
  const quantities = runs.map((rows) => ({ axis, values: rows.map(({ round }) => round) }));
  return { name: 'round', words: 'round', quantities };
}

function byBytes(runs: readonly (readonly MetricsRow[])[]): Abscissa {
  const totals = runs.map((rows) => runningTotal(rows.map((row) => row.bytesUp + row.bytesDown + row.bytesPeer)));
  const unit = unitFor(Math.max(0, ...totals.map((total) => total.at(-1) ?? 0)), BYTE_UNITS);
  const axis: Axis = { title: `bytes sent so far, all directions (${unit.name})` };
  const quantities = totals.map((total) => ({ axis, values: total.map((bytes) => bytes / unit.size) }));
  return { name: 'bytes', words: 'bytes sent in all directions', quantities };
}

function bySimulatedTime(runs: readonly (readonly MetricsRow[])[]): Abscissa {
  const times = runs.map((rows) => rows.map((row) => row.simulatedMs));
  const unit = unitFor(Math.max(0, ...times.map((time) => time.at(-1) ?? 0)), TIME_UNITS);
  const axis: Axis = { title: `simulated time (${unit.name})` };
  const quantities = times.map((time) => ({ axis, values: time.map((ms) => ms / unit.size) }));
  return { name: 'simulated-time', words: 'simulated time', quantities };
}

/** A run without bytes or without simulated time would give one vertical line. */
function spreads({ axis, values }: Quantity): boolean {
  return axis.title === 'round' ? values.length > 0 : (values.at(-1) ?? 0) > 0;
}

function runningTotal(values: readonly number[]): number[] {
  let total = 0;
  return values.map((value) => (total += value));
}

function curve(name: string, x: readonly (number | null)[], y: readonly (number | null)[]): Series {
  const points: { x: number; y: number }[] = [];
  for (let i = 0; i < x.length; i++) if (x[i] !== null && y[i] !== null) points.push({ x: x[i]!, y: y[i]! });
  return { name, points };
}

/** Numbers that each run measured once are no picture: the key numbers have them. */
function isCurve(series: readonly Series[]): boolean {
  return series.some(({ points }) => new Set(points.map(({ x }) => x)).size > 1);
}

function note(undrawn: number): string {
  if (undrawn === 0) return '';
  return ` ${undrawn} ${undrawn === 1 ? 'round' : 'rounds'} with NaN or an infinity cannot be drawn.`;
}

function bytesByRound(rows: readonly MetricsRow[], { up, down, peer }: DirectionNames): Figure[] {
  const directions = [
    { name: up, values: rows.map((row) => row.bytesUp) },
    { name: down, values: rows.map((row) => row.bytesDown) },
    { name: peer, values: rows.map((row) => row.bytesPeer) },
  ].filter(({ values }) => values.some((bytes) => bytes > 0));
  if (directions.length === 0) return [];
  const all = directions.flatMap(({ values }) => values);
  const unit = unitFor(
    all.reduce((a, b) => Math.max(a, b), 0),
    BYTE_UNITS,
  );
  const x = rows.map(({ round }) => round);
  const series = directions.map(({ name, values }) =>
    curve(
      name,
      x,
      values.map((bytes) => bytes / unit.size),
    ),
  );
  // From zero, so that a small change does not look like a large one.
  const largest = all.reduce((a, b) => Math.max(a, b), 0) / unit.size;
  const y: Axis = { title: `bytes in the round (${unit.name})`, domain: [0, 1.05 * largest] };
  return [
    {
      name: 'bytes-by-round',
      caption: 'Bytes of each round by direction.',
      spec: linePlot(series, { title: 'round', format: 'd' }, y),
    },
  ];
}

/** Names such as `norm/layer1` and `norm/layer2` share a picture, one curve each. */
function extraMetrics(rows: readonly MetricsRow[], clientFigures: readonly string[]): Figure[] {
  const drawn = new Set([...CLIENT_SERIES, ...ownClientSeries(clientFigures.map((of) => ({ of })))]);
  const names = new Set<string>();
  for (const row of rows) for (const name in row.extra) if (!drawn.has(name)) names.add(name);
  const groups = new Map<string, string[]>();
  for (const name of names) {
    const group = name.split('/')[0]!;
    groups.set(group, [...(groups.get(group) ?? []), name]);
  }
  const figures = [...groups].flatMap(([group, members]) => extraFigure(group, members, rows));
  const last = figures[MAX_EXTRA_FIGURES - 1];
  if (last === undefined || figures.length === MAX_EXTRA_FIGURES) return figures;
  const more = `${last.caption} ${figures.length - MAX_EXTRA_FIGURES} more are in metrics.csv.`;
  return [...figures.slice(0, MAX_EXTRA_FIGURES - 1), { ...last, caption: more }];
}

function extraFigure(group: string, members: readonly string[], rows: readonly MetricsRow[]): Figure[] {
  const names = members.slice(0, MAX_EXTRA_CURVES);
  const columns = names.map((name) => rows.map((row) => row.extra[name] ?? null));
  const values = columns.flat().filter((value) => value !== null);
  if (!values.some(Number.isFinite)) return [];
  const x = rows.map(({ round }) => round);
  const series = names.map((name, i) => curve(name, x, columns[i]!));
  if (!isCurve(series)) return [];
  const undrawn = values.length - values.filter(Number.isFinite).length;
  const spec = linePlot(series, { title: 'round', format: 'd' }, { title: group, scale: scaleFor(values) });
  const shown = names.length < members.length ? ` (${names.length} of ${members.length} curves)` : '';
  return [{ name: `metric-${inFileName(group)}`, caption: `${group} by round${shown}.${note(undrawn)}`, spec }];
}
