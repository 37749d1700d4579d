import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { linePlot, writeFigure, writeFigureData } from '../../coordinator/report/plots.js';
import type { BenchmarkOptions, BenchmarkRow } from '../run/run.js';
import { type Benchmark, medianOf, repeated, rowOf } from './benchmark.js';
import type { GrowthPoint } from './growth-peer.js';
import { GROWTH_SUBJECTS, type GrowthSubject } from './growth-subjects.js';

const PEER = fileURLToPath(new URL('./growth-peer.js', import.meta.url));
const BUDGET_MS = 40_000;
/** Linear, and room for the noise of four sizes. */
const AIM = { atMost: 1.1 };

/** b of y = a x^b by least squares on logarithms. Needs two different x, all numbers positive. */
export function fittedExponent(x: readonly number[], y: readonly number[]): number {
  const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
  const [u, v] = [x.map(Math.log), y.map(Math.log)];
  const [meanU, meanV] = [mean(u), mean(v)];
  const covariance = mean(u.map((value, i) => (value - meanU) * (v[i]! - meanV)));
  return covariance / mean(u.map((value) => (value - meanU) ** 2));
}

function measured(quantity: string, size: number): GrowthPoint {
  const { status, stdout, stderr } = spawnSync(process.execPath, [PEER, quantity, String(size)], { encoding: 'utf8' });
  if (status !== 0) throw new Error(`growth: the run of ${size} ${quantity} ended with ${status}: ${stderr}`);
  return JSON.parse(stdout) as GrowthPoint;
}

async function grown({ quantity, sizes }: GrowthSubject, options: BenchmarkOptions): Promise<readonly BenchmarkRow[]> {
  // A repeat holds all sizes: what else the machine does then falls on each of them.
  const repeats = await repeated(options, BUDGET_MS, () => sizes.map((size) => measured(quantity, size)));
  const rows: BenchmarkRow[] = [];
  for (const [of, unit] of [
    ['ms', 'ms of processor time'],
    ['megabytes', 'MB'],
  ] as const) {
    // Below a megabyte is what the collector of garbage left over.
    const values = repeats.map((points) => points.map((point) => Math.max(point[of], 1)));
    const name = `growth with ${quantity}: ${of === 'ms' ? 'time' : 'memory'}`;
    rows.push(
      rowOf(
        name,
        'exponent',
        values.map((each) => fittedExponent(sizes, each)),
        { aim: AIM },
      ),
      rowOf(
        `${name} at ${sizes.at(-1)}`,
        unit,
        values.map((each) => each.at(-1)!),
      ),
    );
    if (options.plots === null) continue;
    const points = sizes.map((x, i) => ({ x, y: medianOf(values.map((each) => each[i]!)) }));
    const linear = sizes.map((x) => ({ x, y: (points.at(-1)!.y * x) / sizes.at(-1)! }));
    const spec = linePlot(
      [
        { name: 'measured', points },
        { name: 'linear', points: linear },
      ],
      { title: quantity, scale: 'log' },
      { title: unit, scale: 'log' },
    );
    const figure = { name: `growth-${quantity}-${of === 'ms' ? 'time' : 'memory'}`, caption: name, spec };
    await writeFigure(options.plots, figure);
    writeFigureData(options.plots, figure);
  }
  return rows;
}

async function measure(options: BenchmarkOptions): Promise<readonly BenchmarkRow[]> {
  const rows: BenchmarkRow[] = [];
  for (const subject of GROWTH_SUBJECTS) {
    if (options.signal.aborted) break;
    rows.push(...(await grown(subject, options)));
  }
  return rows;
}

/** Time and memory of runs against what grows, and the fitted exponents. */
export const growth: Benchmark = { name: 'growth', run: measure };
