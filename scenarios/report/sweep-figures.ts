import {
  bandFigures,
  pointOf,
  type ScatterPoint,
  type SeedGroup,
  scatter,
} from '../../coordinator/report/comparison-plots.js';
import { type Figure, PLOT_WIDTH, scaleFor } from '../../coordinator/report/plots.js';
import { comparisonFigures } from '../../coordinator/report/run-plots.js';
import type { RunRecord } from '../../protocol/scenario/expectation.js';
import type { ResolvedSweep } from '../../protocol/scenario/sweep.js';
import { groupedBySetting, settingName } from './setting-groups.js';

/**
 * Distance from a known posterior; loss and accuracy of all settings by round, bytes and time, with a band where the sweep has several
 * seeds; accuracy against bytes of codecs, and against epsilon of private runs.
 */
export function sweepFigures(sweep: ResolvedSweep, records: readonly RunRecord[]): Figure[] {
  const seeds = new Set(records.map(({ scenario }) => scenario.seed)).size;
  const curves =
    seeds < 2 ? comparisonFigures(namedRuns(sweep, records)) : bandFigures(seedGroups(sweep, records), seeds);
  return [
    ...distanceFigure(sweep, records, seeds),
    ...epsilonFigures(sweep, records, seeds),
    ...curves,
    ...compressionFigures(sweep, records, seeds),
  ];
}

function namedRuns(sweep: ResolvedSweep, records: readonly RunRecord[]) {
  return records.map(({ point = {}, rows }) => ({ name: settingName(point, sweep) || 'all', rows }));
}

/** One mark for each setting: its mean over seeds, and from the lowest to the highest. */
function summarized(
  groups: readonly { readonly name: string; readonly points: readonly { readonly x: number; readonly y: number }[] }[],
): ScatterPoint[] {
  return groups.flatMap(({ name: series, points }) => {
    if (points.length === 0) return [];
    const { low, high, ...point } = pointOf(points);
    return [{ ...point, series, ...(points.length > 1 && { low: low!, high: high! }) }];
  });
}

function seedsWords(seeds: number): string {
  return seeds < 2
    ? 'each setting'
    : `each setting: mean over ${seeds} seeds, with a bar from the lowest to the highest`;
}

/** What is learnt for how much privacy. */
function epsilonFigures(sweep: ResolvedSweep, records: readonly RunRecord[], seeds: number): Figure[] {
  const deltas = [...new Set(records.map(({ scenario }) => scenario.privacy.delta))];
  const private_ = records.filter((record) => epsilonOf(record) !== null);
  if (new Set(private_.map(epsilonOf)).size < 2) return [];
  return (['finalAccuracy', 'finalLoss'] as const).flatMap((of) => {
    const groups = groupedBySetting(sweep, private_).map(({ name, members }) => ({
      name,
      points: members.flatMap((record) => {
        const y = record.summary[of];
        return typeof y === 'number' && Number.isFinite(y) ? [{ x: epsilonOf(record)!, y }] : [];
      }),
    }));
    const points = summarized(groups);
    if (points.length < 2) return [];
    const what = of === 'finalAccuracy' ? 'accuracy' : 'loss';
    return [
      {
        name: `${what}-by-epsilon`,
        caption: `Final ${what} (held out) against epsilon at delta = ${deltas.join(', ')}, ${seedsWords(seeds)}.`,
        spec: scatter(
          points,
          {
            title: 'epsilon',
            scale: scaleFor(
              points.map(({ x }) => x),
              10,
            ),
          },
          { title: `final ${what} (held out)`, ...(what === 'accuracy' ? { format: '.0%' } : {}) },
        ),
      },
    ];
  });
}

function epsilonOf({ summary }: RunRecord): number | null {
  const epsilon = summary.epsilon ?? summary.finalEpsilon;
  return typeof epsilon === 'number' && Number.isFinite(epsilon) && epsilon > 0 ? epsilon : null;
}

/** Of samplers whose posterior is known: how far each setting is from it. */
function distanceFigure(sweep: ResolvedSweep, records: readonly RunRecord[], seeds: number): Figure[] {
  const values = groupedBySetting(sweep, records).flatMap(({ name, members }) => {
    const w2 = members.flatMap(({ summary }) => (typeof summary.w2 === 'number' ? [summary.w2] : []));
    if (w2.length === 0) return [];
    const { y: mean, low, high } = pointOf(w2.map((y) => ({ x: 0, y })));
    return [{ setting: name, w2: mean, low, high }];
  });
  if (values.length < 2) return [];
  const scale = { type: scaleFor(values.map(({ w2 }) => w2)), zero: false };
  const x = (field: string) => ({
    field,
    type: 'quantitative',
    scale,
    axis: { title: 'W2 from the posterior', tickCount: 5 },
  });
  return [
    {
      name: 'distance-from-posterior',
      caption: `Wasserstein-2 distance of the kept draws from the true posterior, ${seedsWords(seeds)}.`,
      spec: {
        width: PLOT_WIDTH,
        height: { step: 44 },
        data: { values },
        // Names stand above their marks: beside them they would take most of the page's width, or be cut.
        encoding: { y: { field: 'setting', type: 'nominal', sort: null, axis: null } },
        layer: [
          {
            mark: { type: 'text', align: 'left', baseline: 'bottom', dy: -7 },
            encoding: { text: { field: 'setting' }, x: { value: 4 } },
          },
          { mark: { type: 'rule', strokeWidth: 2, opacity: 0.6 }, encoding: { x: x('low'), x2: { field: 'high' } } },
          { mark: { type: 'point', filled: true, size: 80, opacity: 0.9 }, encoding: { x: x('w2') } },
        ],
      },
    },
  ];
}

/** Where codecs are swept: what is learnt for how many bytes uplink. */
function compressionFigures(sweep: ResolvedSweep, records: readonly RunRecord[], seeds: number): Figure[] {
  if (!Object.keys(sweep.over).some((path) => path.startsWith('codecs'))) return [];
  return (['accuracy', 'loss'] as const).flatMap((of) => {
    const groups = seedGroups(sweep, records).map(({ name, runs }) => ({
      name,
      points: runs.flatMap((rows) => {
        const last = rows.findLast((row) => row[of] !== null && Number.isFinite(row[of]));
        const bytes = rows.reduce((sum, row) => sum + row.bytesUp, 0);
        return last && bytes > 0 ? [{ x: bytes, y: last[of]! }] : [];
      }),
    }));
    const points = summarized(groups);
    if (points.length === 0) return [];
    return {
      name: `${of}-by-uplink-bytes`,
      caption: `Final ${of} (held out) against bytes on the wire from clients to the coordinator, ${seedsWords(seeds)}.`,
      spec: scatter(
        points,
        { title: 'bytes uplink', scale: 'log', format: '.1s' },
        { title: `final ${of} (held out)`, ...(of === 'accuracy' ? { format: '.0%' } : {}) },
      ),
    };
  });
}

function seedGroups(sweep: ResolvedSweep, records: readonly RunRecord[]): SeedGroup[] {
  return groupedBySetting(sweep, records).map(({ name, members }) => ({ name, runs: members.map(({ rows }) => rows) }));
}
