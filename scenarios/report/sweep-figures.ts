import { type SeedGroup, scatter, seedBands } from '../../coordinator/report/comparison-plots.js';
import { type Figure, PLOT_WIDTH, scaleFor } from '../../coordinator/report/plots.js';
import { comparisonFigures } from '../../coordinator/report/run-plots.js';
import type { RunRecord } from '../../protocol/scenario/expectation.js';
import type { Json } from '../../protocol/scenario/scenario.js';
import type { ResolvedSweep } from '../../protocol/scenario/sweep.js';
import { distinctPart, valueInWords } from '../../protocol/scenario/wording.js';

/**
 * Distance from a known posterior; loss and accuracy of all points: a band over the seeds where the sweep has several, and a
 * curve by bytes and time for each.
 */
export function sweepFigures(sweep: ResolvedSweep, records: readonly RunRecord[]): Figure[] {
  const runs = records.map((record, i) => ({
    name: settingName(sweep.points[i]!.values, sweep, true),
    rows: record.rows,
  }));
  const seeds = sweep.over.seed ?? [];
  const distance = distanceFigure(sweep, records);
  const compressed = compressionFigures(sweep, records);
  if (seeds.length < 2) return [...distance, ...comparisonFigures(runs), ...compressed];
  const groups = groupedBySetting(sweep, records);
  const figures: Figure[] = [...distance];
  for (const of of ['loss', 'accuracy'] as const) {
    if (!records.some(({ rows }) => rows.some((row) => row[of] !== null))) continue;
    figures.push({
      name: `${of}-over-seeds`,
      caption: `Held-out ${of} by round: mean over ${seeds.length} seeds, in the band from the lowest to the highest.`,
      spec: seedBands(groups, (row) => row[of], {
        title: `${of} (held out)`,
        ...(of === 'accuracy' ? { format: '.0%' } : {}),
      }),
    });
  }
  const first = groups.map(({ name, runs }) => ({ name, rows: runs[0]! }));
  return [...figures, ...compressed, ...comparisonFigures(first).filter(({ name }) => !name.endsWith('-by-round'))];
}

/** Of samplers whose posterior is known: how far each setting and seed is from it. */
function distanceFigure(sweep: ResolvedSweep, records: readonly RunRecord[]): Figure[] {
  const values = records.flatMap(({ point = {}, summary: { w2 } }) =>
    typeof w2 === 'number' ? [{ setting: settingName(point, sweep, false) || 'all', w2 }] : [],
  );
  if (values.length < 2) return [];
  const scale = { type: scaleFor(values.map(({ w2 }) => w2)), zero: false };
  return [
    {
      name: 'distance-from-posterior',
      caption: 'Wasserstein-2 distance of the kept draws from the true posterior, each setting and seed.',
      spec: {
        width: PLOT_WIDTH / 2,
        height: { step: 34 },
        data: { values },
        mark: { type: 'point', filled: true, size: 80, opacity: 0.9 },
        encoding: {
          x: { field: 'w2', type: 'quantitative', scale, axis: { title: 'W2 from the posterior', tickCount: 5 } },
          y: { field: 'setting', type: 'nominal', sort: null, axis: { title: null, labelLimit: 460 } },
        },
      },
    },
  ];
}

/** Where codecs are swept: what is learnt for how many bytes uplink, one mark for each setting and seed. */
function compressionFigures(sweep: ResolvedSweep, records: readonly RunRecord[]): Figure[] {
  if (!Object.keys(sweep.over).some((path) => path.startsWith('codecs'))) return [];
  return (['accuracy', 'loss'] as const).flatMap((of) => {
    const points = groupedBySetting(sweep, records).flatMap(({ name, runs }) =>
      runs.flatMap((rows) => {
        const last = rows.findLast((row) => row[of] !== null && Number.isFinite(row[of]));
        const bytes = rows.reduce((sum, row) => sum + row.bytesUp, 0);
        return last && bytes > 0 ? [{ x: bytes, y: last[of]!, series: name }] : [];
      }),
    );
    if (points.length === 0) return [];
    return {
      name: `${of}-by-uplink-bytes`,
      caption: `Final ${of} (held out) against bytes on the wire from clients to the coordinator, each setting and seed.`,
      spec: scatter(
        points,
        { title: 'bytes uplink', scale: 'log', format: '.1s' },
        { title: `final ${of} (held out)`, ...(of === 'accuracy' ? { format: '.0%' } : {}) },
      ),
    };
  });
}

/** Points that differ in their seed alone, together. */
function groupedBySetting(sweep: ResolvedSweep, records: readonly RunRecord[]): SeedGroup[] {
  const groups = new Map<string, RunRecord['rows'][]>();
  for (const { point = {}, rows } of records) {
    const name = settingName(point, sweep, false);
    const runs = groups.get(name) ?? [];
    groups.set(name, runs);
    runs.push(rows);
  }
  return [...groups].map(([name, runs]) => ({ name: name === '' ? 'all' : name, runs }));
}

/** What is special about a point, short enough for a legend: a thing's name alone where no two of the axis share it. */
function settingName(point: Readonly<Record<string, Json>>, { over }: ResolvedSweep, withSeed: boolean): string {
  return Object.entries(point)
    .filter(([path]) => path !== 'seed' || (withSeed && (over.seed?.length ?? 0) > 1))
    .map(([path, value]) => {
      const names = (over[path] ?? []).map(nameOf);
      const name = nameOf(value);
      if (name !== undefined && new Set(names).size === names.length) return name;
      const words = valueInWords(distinctPart(value, over[path] ?? [value]));
      return name === undefined ? `${path.split('.').at(-1)} = ${words}` : words;
    })
    .join(', ');
}

function nameOf(value: Json): string | undefined {
  if (value === null || typeof value !== 'object' || Array.isArray(value)) return undefined;
  const { name } = value as { readonly [key: string]: Json };
  return typeof name === 'string' ? name : undefined;
}
