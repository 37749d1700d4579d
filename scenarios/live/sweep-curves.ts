import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { pointOf } from '../../coordinator/report/comparison-plots.js';
import type { CurvePoint } from '../../coordinator/report/curve.js';
import { readJsonFile } from '../../coordinator/run-directory/json-file.js';
import { readMetrics } from '../../coordinator/run-directory/metrics.js';
import { pointFolder } from '../../coordinator/run-directory/sweep-directory.js';
import type { MetricsRow } from '../../protocol/scenario/expectation.js';
import type { ResolvedSweep } from '../../protocol/scenario/sweep.js';
import { groupedBySetting } from '../report/setting-groups.js';

/** As many as there are colours that can be distinguished. */
const MOST_CURVES = 8;
const MOST_POINTS = 200;

/** One setting of a sweep: the mean of its seeds after each round, between the lowest and the highest. */
export interface LiveCurve {
  readonly name: string;
  /** That have begun. */
  readonly seeds: number;
  readonly points: readonly CurvePoint[];
}

export interface SweepCurves {
  readonly loss: readonly LiveCurve[];
  readonly accuracy: readonly LiveCurve[];
  /** Settings beyond those drawn. */
  readonly leftOut: number;
}

/** Of the points that have begun; each round with the seeds that have done it. Null: `folder` is not that of a sweep. */
export function sweepCurves(folder: string): SweepCurves | null {
  if (!existsSync(join(folder, 'sweep.json'))) return null;
  const sweep = readJsonFile<ResolvedSweep>(join(folder, 'sweep.json'), 'sweep');
  const begun = sweep.points.flatMap(({ label, values }, index) => {
    const file = join(pointFolder(folder, index, label), 'metrics.csv');
    return existsSync(file) ? [{ point: values, rows: readMetrics(file) }] : [];
  });
  const groups = groupedBySetting(sweep, begun);
  const curves = (of: 'loss' | 'accuracy'): LiveCurve[] =>
    groups.slice(0, MOST_CURVES).map(({ name, members }) => ({
      name,
      seeds: members.length,
      points: curveOf(
        members.map(({ rows }) => rows),
        of,
      ),
    }));
  return { loss: curves('loss'), accuracy: curves('accuracy'), leftOut: Math.max(0, groups.length - MOST_CURVES) };
}

function curveOf(runs: readonly (readonly MetricsRow[])[], of: 'loss' | 'accuracy'): CurvePoint[] {
  const byRound = new Map<number, { x: number; y: number }[]>();
  for (const rows of runs)
    for (const { round, [of]: y } of rows) {
      if (y === null || !Number.isFinite(y)) continue;
      const seen = byRound.get(round);
      if (seen) seen.push({ x: round, y });
      else byRound.set(round, [{ x: round, y }]);
    }
  const points = [...byRound].sort(([a], [b]) => a - b).map(([, seen]) => pointOf(seen));
  const stride = Math.ceil(points.length / MOST_POINTS) || 1;
  return points.filter((_, i) => i % stride === 0 || i === points.length - 1);
}
