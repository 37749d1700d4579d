import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import type { AggregationRule, AggregationStep } from '../../protocol/aggregators/aggregator.js';
import { rootStream } from '../../protocol/numerics/random.js';
import {
  centeredClipping,
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

/**
 * Ours with ByzFL's choices: Krum counts n - f - 1 neighbours there. Its CAF takes one step of a power iteration from a random start,
 * so nothing can agree with it to rounding.
 */
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
};

const SETTINGS = [
  { n: 9, d: 1, byzantine: 0, spread: 0 },
  { n: 10, d: 5, byzantine: 2, spread: 3 },
  { n: 11, d: 40, byzantine: 3, spread: 100 },
  { n: 15, d: 3, byzantine: 4, spread: 1e6 },
] as const;

describe('robust sums beside ByzFL 0.0.11', () => {
  it('every deterministic rule agrees to 1e-12 relative, on 20 random inputs for each of 4 settings (seed 21)', function () {
    const python = pythonWith(['numpy', 'scipy'], ['byzfl==0.0.11']);
    if (!python) return this.skip();
    const cases = Object.keys(RULES).flatMap((rule) =>
      SETTINGS.flatMap(({ n, d, byzantine, spread }) =>
        Array.from({ length: 20 }, (_, trial) => {
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
          expect(Math.abs(ours[i]![j]! - value) / largest, `${rule}, n ${n}, case ${k}`).to.be.below(1e-12);
    }
  });
});
