import { expect } from 'chai';
import type { Vector } from '../../protocol/method.js';
import { linearSolve } from '../../protocol/numerics/linear-algebra.js';
import { combination, gradientsAt, largestDifference, meanVector, runPeers } from '../support/peer-run.js';

interface Peer {
  readonly x: Vector;
}

const STEP = 0.05;
const MATRICES = [0.5, 0.9, 1.3, 1.7, 2, 0.6, 1.1, 0.8].map((a, i) => [a, 2.4 - a, 0.5 + i / 8]);
const CENTRES = [3, -2, 1, 0, -4, 2, 5, -1].map((c, i) => [c, i - 3, c * i]);
const problem = { name: 'quadratic', dimension: 3, matrices: MATRICES, centres: CENTRES };

/** In each coordinate (I - M + step M' diag(a)) z = step M' diag(a) c with M = W and M' = I (cta) or W (atc). */
function fixedPoint(form: string, coordinate: number): Float64Array {
  const n = MATRICES.length;
  const w = (i: number, j: number) => ([0, 1, n - 1].includes((i - j + n) % n) ? 1 / 3 : 0);
  const adapting = (i: number, j: number) => (form === 'atc' ? w(i, j) : i === j ? 1 : 0);
  const a = MATRICES.map((row) => row[coordinate]!);
  const matrix = new Float64Array(n * n);
  const right = new Float64Array(n);
  for (let i = 0; i < n; i++)
    for (let j = 0; j < n; j++) {
      matrix[i * n + j] = (i === j ? 1 : 0) - w(i, j) + STEP * adapting(i, j) * a[j]!;
      right[i]! += STEP * adapting(i, j) * a[j]! * CENTRES[j]![coordinate]!;
    }
  return linearSolve(matrix, right);
}

describe('dgd', () => {
  for (const form of ['cta', 'atc'])
    it(`${form}: stops at the solution of its fixed-point equation, to 1e-12, away from the optimum`, async () => {
      const { states, workshop } = await runPeers<Peer>({
        method: { name: 'dgd', stepSize: STEP, form },
        objective: problem,
        rounds: 1500,
      });
      for (let j = 0; j < 3; j++) {
        const z = fixedPoint(form, j);
        for (const [i, { x }] of states.entries()) expect(x[j]).to.be.closeTo(z[i]!, 1e-12);
      }
      expect(largestDifference(states[0]!.x, workshop.family.optimum!)).to.be.greaterThan(0.1);
    });

  for (const topology of ['ring', 'random-matching', 'one-peer-exponential'])
    it(`${topology}: the mean of the iterates moves by -step times the mean gradient, to 1e-14`, async () => {
      await runPeers<Peer>(
        { method: { name: 'dgd', stepSize: STEP }, topology, rounds: 20 },
        {
          watch({ before, states }, workshop) {
            const gradient = meanVector(
              gradientsAt(
                workshop,
                before.map(({ x }) => x),
              ),
            );
            const expected = combination([1, meanVector(before.map(({ x }) => x))], [-STEP, gradient]);
            expect(largestDifference(meanVector(states.map(({ x }) => x)), expected)).to.be.lessThan(1e-14);
          },
        },
      );
    });
});
