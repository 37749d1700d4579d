import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import type { AggregationRule, AggregationStep } from '../../protocol/aggregators/aggregator.js';
import { rootStream } from '../../protocol/numerics/random.js';
import {
  bulyan,
  centeredClipping,
  covarianceFilter,
  geometricMedian,
  krum,
  meamed,
  median,
  minimumDiameter,
  multiKrum,
  nearestNeighborMixing,
  normBounding,
  trimmedMean,
} from '../support/robust-rules.js';
import { pythonWith } from './python.js';

const SCRIPT = fileURLToPath(new URL('../../../test/system/byzfl_rules.py', import.meta.url));

/** Ours with ByzFL's choices: Krum counts n - f - 1 neighbours there. It has no Bulyan: that is Flower's, over Krum. */
const RULES: Readonly<Record<string, (byzantine: number, n: number) => AggregationRule>> = {
  median: () => median(),
  'trimmed-mean': (byzantine) => trimmedMean({ byzantine }),
  krum: (byzantine, n) => krum({ byzantine, neighbors: n - byzantine - 1 }),
  'multi-krum': (byzantine, n) => multiKrum({ byzantine, selected: null, neighbors: n - byzantine - 1 }),
  'geometric-median': () => geometricMedian({ smoothing: 0.1, iterations: 3 }),
  'centered-clipping': () => centeredClipping({ radius: 1, iterations: 2 }),
  'minimum-diameter': (byzantine) => minimumDiameter({ byzantine }),
  meamed: (byzantine) => meamed({ byzantine }),
  'nearest-neighbor-mixing': (byzantine) => nearestNeighborMixing({ byzantine }),
  'norm-bounding': () => normBounding({ radius: 2 }),
  bulyan: (byzantine) => bulyan({ byzantine }),
  'covariance-filter': (byzantine) => covarianceFilter({ byzantine }),
};
/** Ours finds the eigenvector by a power iteration to 1e-12 of the eigenvalue, which is 1e-6 of the direction. */
const toleranceOf = (rule: string) => (rule === 'covariance-filter' ? 1e-5 : 1e-12);

const SETTINGS = [
  { n: 9, d: 1, byzantine: 0, spread: 0 },
  { n: 10, d: 5, byzantine: 2, spread: 3 },
  { n: 11, d: 40, byzantine: 3, spread: 100 },
  { n: 15, d: 3, byzantine: 4, spread: 1e6 },
] as const;

describe('robust sums beside ByzFL 0.0.11 and Flower 1.42', () => {
  it('every rule agrees to 1e-12 relative, CAF from one start vector to 1e-5, on 20 random inputs for each of 4 settings (seed 21)', function () {
    const python = pythonWith(['numpy', 'scipy'], ['byzfl==0.0.11', 'flwr==1.42.0']);
    if (!python) return this.skip();
    const cases = Object.keys(RULES).flatMap((rule) =>
      // ByzFL's CAF returns nothing for f = 0.
      SETTINGS.filter(({ byzantine }) => byzantine > 0 || rule !== 'covariance-filter').flatMap(
        ({ n: clients, d, byzantine, spread }) =>
          Array.from({ length: 20 }, (_, trial) => {
            const n = rule === 'bulyan' ? Math.max(clients, 4 * byzantine + 3) : clients;
            const rng = rootStream(21, 'float64').derive(rule, n, trial);
            const vectors = Array.from({ length: n }, (_, i) =>
              Float64Array.from(rng.derive(i).normal(d), (entry) => (i < byzantine ? entry * 2 + spread : entry)),
            );
            return { rule, n, byzantine, vectors };
          }),
      ),
    );
    const lines = cases.map(({ vectors, ...rest }) => JSON.stringify({ ...rest, vectors: vectors.map((v) => [...v]) }));
    const { stdout, stderr } = spawnSync(python, [SCRIPT], {
      input: lines.join('\n'),
      encoding: 'utf8',
      maxBuffer: 1e8,
    });
    expect(stderr).to.equal('');
    const theirs = stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as number[][]);
    expect(theirs.length).to.equal(cases.length);
    for (const [k, { rule, n, byzantine, vectors }] of cases.entries()) {
      const step: AggregationStep = { permutation: () => new Uint32Array(0), previous: null, own: null };
      const made = RULES[rule]!(byzantine, n);
      const ours = 'prepare' in made ? made.prepare(vectors, step) : [made.combine(vectors, step)];
      const largest = Math.max(...theirs[k]!.flat().map(Math.abs), 1);
      for (const [i, row] of theirs[k]!.entries())
        for (const [j, value] of row.entries())
          expect(Math.abs(ours[i]![j]! - value) / largest, `${rule}, n ${n}, case ${k}`).to.be.below(toleranceOf(rule));
    }
  });
});
