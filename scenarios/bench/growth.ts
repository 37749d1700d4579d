import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
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
const HEADING = [
  '| grows | sizes | time, exponent | last two sizes | memory, exponent | last two sizes |',
  '| --- | --- | --- | --- | --- | --- |',
];

/** Of y = a x^b. */
export interface GrowthFit {
  /** b, by least squares on logarithms. */
  readonly exponent: number;
  /** Of b, from the distances to the fit: of how straight the points lie, not of what another run would give. */
  readonly standardError: number;
  /** b of the last two sizes alone, in which what every run costs weighs least. */
  readonly lastStep: number;
}

/** Needs three different x in ascending order, all numbers positive. */
export function fitGrowth(x: readonly number[], y: readonly number[]): GrowthFit {
  const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
  const [u, v] = [x.map(Math.log), y.map(Math.log)];
  const [meanU, meanV] = [mean(u), mean(v)];
  const spread = u.reduce((sum, value) => sum + (value - meanU) ** 2, 0);
  const exponent = u.reduce((sum, value, i) => sum + (value - meanU) * (v[i]! - meanV), 0) / spread;
  const squares = u.reduce((sum, value, i) => sum + (v[i]! - meanV - exponent * (value - meanU)) ** 2, 0);
  return {
    exponent,
    standardError: Math.sqrt(squares / (x.length - 2) / spread),
    lastStep: (v.at(-1)! - v.at(-2)!) / (u.at(-1)! - u.at(-2)!),
  };
}

function measured(quantity: string, size: number): GrowthPoint {
  const { status, stdout, stderr } = spawnSync(process.execPath, [PEER, quantity, String(size)], { encoding: 'utf8' });
  if (status !== 0) throw new Error(`growth: the run of ${size} ${quantity} ended with ${status}: ${stderr}`);
  return JSON.parse(stdout) as GrowthPoint;
}

/** What grew, and a line of the table in docs/growth.md. */
interface Grown {
  readonly rows: readonly BenchmarkRow[];
  readonly line: string;
}

async function grown({ quantity, sizes }: GrowthSubject, options: BenchmarkOptions): Promise<Grown> {
  // A repeat holds all sizes: what else the machine does then falls on each of them.
  const repeats = await repeated(options, BUDGET_MS, () => sizes.map((size) => measured(quantity, size)));
  const rows: BenchmarkRow[] = [];
  const cells: string[] = [
    quantity,
    `${[sizes[0]!, sizes.at(-1)!].map((size) => size.toLocaleString('en')).join(' to ')}`,
  ];
  for (const [of, unit] of [
    ['ms', 'ms of processor time'],
    ['megabytes', 'MB'],
  ] as const) {
    // Below a megabyte is what the collector of garbage left over.
    const values = repeats.map((points) => points.map((point) => Math.max(point[of], 1)));
    const name = `growth with ${quantity}: ${of === 'ms' ? 'time' : 'memory'}`;
    const fits = values.map((each) => fitGrowth(sizes, each));
    const each = (figure: keyof GrowthFit) => fits.map((fit) => fit[figure]);
    cells.push(
      `${medianOf(each('exponent')).toFixed(2)} ± ${medianOf(each('standardError')).toFixed(2)}`,
      medianOf(each('lastStep')).toFixed(2),
    );
    rows.push(
      rowOf(name, 'exponent', each('exponent'), { aim: AIM }),
      rowOf(name, 'standard error of the exponent', each('standardError')),
      rowOf(name, 'exponent of the last two sizes', each('lastStep'), { aim: AIM }),
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
  return { rows, line: `| ${cells.join(' | ')} |` };
}

async function measure(options: BenchmarkOptions): Promise<readonly BenchmarkRow[]> {
  const all: Grown[] = [];
  for (const subject of GROWTH_SUBJECTS) {
    if (options.signal.aborted) break;
    all.push(await grown(subject, options));
  }
  if (options.plots !== null)
    writeFileSync(join(options.plots, 'growth.md'), [...HEADING, ...all.map(({ line }) => line), ''].join('\n'));
  return all.flatMap(({ rows }) => rows);
}

/** Time and memory of runs against what grows, and the fitted exponents. */
export const growth: Benchmark = { name: 'growth', run: measure };
