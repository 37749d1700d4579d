import { expect } from 'chai';
import { rootStream } from '../../../protocol/numerics/random.js';
import type { Graph } from '../../../protocol/topology/graph.js';
import {
  complete,
  erdosRenyi,
  exponential,
  hypercube,
  onePeerExponential,
  path,
  ring,
  star,
  torus,
} from '../../../protocol/topology/graphs.js';
import {
  denseRows,
  lazyWeights,
  type MixingMatrix,
  metropolisWeights,
  pushSumWeights,
} from '../../../protocol/topology/mixing-matrix.js';
import { contractionFactor, eigenvalues, spectralGap } from '../../../scenarios/report/spectrum.js';

const rho = (graph: Graph) => contractionFactor(metropolisWeights(graph));
const turn = 2 * Math.PI;

function expectEigenvalues(matrix: MixingMatrix, expected: readonly number[]): void {
  const sorted = [...expected].sort((a, b) => a - b);
  const found = eigenvalues(matrix);
  expect(found.length).to.equal(sorted.length);
  for (const [k, value] of sorted.entries()) expect(found[k]).to.be.closeTo(value, 1e-12);
}

function product(left: readonly Float64Array[], right: readonly Float64Array[]): Float64Array[] {
  return left.map((row) => {
    const result = new Float64Array(right.length);
    for (let k = 0; k < row.length; k++)
      for (let j = 0; j < result.length; j++) result[j] = result[j]! + row[k]! * right[k]![j]!;
    return result;
  });
}

/** Largest entrywise distance of one period of one-peer exponential mixing to the matrix of all 1/n. */
function onePeerDeviation(n: number): number {
  const period = Math.ceil(Math.log2(n));
  let all = denseRows(metropolisWeights(onePeerExponential(n, 0)));
  for (let round = 1; round < period; round++)
    all = product(denseRows(metropolisWeights(onePeerExponential(n, round))), all);
  return Math.max(...all.flatMap((row) => Array.from(row, (weight) => Math.abs(weight - 1 / n))));
}

describe('protocol/topology/spectrum', () => {
  it('ring: eigenvalues 1/3 + (2/3) cos(2 pi k / n); rho 0.539345, 0.804738, 0.949253 for n = 5, 8, 16, 1/3 for 4', () => {
    for (const n of [3, 4, 5, 8, 16, 33])
      expectEigenvalues(
        metropolisWeights(ring(n)),
        Array.from({ length: n }, (_, k) => 1 / 3 + (2 / 3) * Math.cos((turn * k) / n)),
      );
    expect(rho(ring(4))).to.be.closeTo(1 / 3, 1e-12);
    expect(rho(ring(5))).to.be.closeTo(0.539345, 5e-7);
    expect(rho(ring(8))).to.be.closeTo(0.804738, 5e-7);
    expect(rho(ring(16))).to.be.closeTo(0.949253, 5e-7);
    expect(rho(ring(8))).to.be.closeTo(1 / 3 + (2 / 3) * Math.cos(turn / 8), 1e-12);
  });

  it('path, n >= 3: 1/3 + (2/3) cos(pi k / n), rho that of the ring of 2 n', () => {
    for (const n of [3, 4, 8, 21])
      expectEigenvalues(
        metropolisWeights(path(n)),
        Array.from({ length: n }, (_, k) => 1 / 3 + (2 / 3) * Math.cos((Math.PI * k) / n)),
      );
    for (const n of [4, 8]) expect(rho(path(n))).to.be.closeTo(rho(ring(2 * n)), 1e-12);
  });

  it('star: 1, 1 - 1/n (n - 2 times) and 0', () => {
    for (const n of [3, 5, 40]) {
      expectEigenvalues(metropolisWeights(star(n)), [1, 0, ...new Array<number>(n - 2).fill(1 - 1 / n)]);
      expect(spectralGap(metropolisWeights(star(n)))).to.be.closeTo(1 / n, 1e-12);
    }
  });

  it('complete: 1 and 0 (n - 1 times), rho 0', () => {
    expectEigenvalues(metropolisWeights(complete(9)), [1, ...new Array<number>(8).fill(0)]);
    expect(rho(complete(9))).to.be.closeTo(0, 1e-14);
  });

  it('torus a x b: (1 + 2 cos(2 pi p / a) + 2 cos(2 pi q / b)) / 5; rho 0.4, 0.6, 0.723607 for 3 x 3, 4 x 4, 5 x 5', () => {
    for (const [a, b] of [
      [3, 3],
      [3, 5],
      [4, 6],
    ] as const) {
      const expected: number[] = [];
      for (let p = 0; p < a; p++)
        for (let q = 0; q < b; q++)
          expected.push((1 + 2 * Math.cos((turn * p) / a) + 2 * Math.cos((turn * q) / b)) / 5);
      expectEigenvalues(metropolisWeights(torus(a, b)), expected);
    }
    expect(rho(torus(3, 3))).to.be.closeTo(0.4, 1e-12);
    expect(rho(torus(4, 4))).to.be.closeTo(0.6, 1e-12);
    expect(rho(torus(5, 5))).to.be.closeTo(0.723607, 5e-7);
  });

  it('hypercube of 2^m: 1 - 2 k / (m + 1), C(m, k) times; rho (m - 1) / (m + 1)', () => {
    for (const m of [1, 2, 3, 5]) {
      const expected = Array.from({ length: 2 ** m }, (_, node) => {
        const bits = node.toString(2).replaceAll('0', '').length;
        return 1 - (2 * bits) / (m + 1);
      });
      expectEigenvalues(metropolisWeights(hypercube(2 ** m)), expected);
      expect(rho(hypercube(2 ** m))).to.be.closeTo((m - 1) / (m + 1), 1e-12);
    }
  });

  it('static exponential, even n, t = ceil(log2 n): rho (t - 1) / (t + 1); less for odd n', () => {
    for (const [n, t] of [
      [6, 3],
      [8, 3],
      [10, 4],
      [16, 4],
      [64, 6],
    ] as const)
      expect(rho(exponential(n))).to.be.closeTo((t - 1) / (t + 1), 1e-12);
    expect(rho(exponential(7))).to.be.below(0.5 - 1e-3);
  });

  it('one-peer exponential: a period averages exactly for n = 4, 8, 16; entrywise 0.083 off for 6, 0.042 for 12', () => {
    for (const n of [4, 8, 16]) expect(onePeerDeviation(n)).to.equal(0);
    expect(onePeerDeviation(6)).to.be.closeTo(1 / 12, 1e-12);
    expect(onePeerDeviation(12)).to.be.closeTo(1 / 24, 1e-12);
  });

  it('lazy weights: no negative eigenvalue, and rho (1 + lambda_2) / 2', () => {
    const matrix = metropolisWeights(hypercube(8));
    const lazy = lazyWeights(matrix);
    expect(eigenvalues(lazy)[0]).to.be.at.least(0);
    expect(contractionFactor(lazy)).to.be.closeTo((1 + eigenvalues(matrix)[6]!) / 2, 1e-12);
  });

  it('Erdős-Rényi: mean rho over 20 draws near 0.80 for (20, 0.3), 0.75 for (50, 0.2): +- 0.05 (seed 5)', () => {
    const rng = rootStream(5, 'float64');
    const mean = (n: number, probability: number) => {
      let sum = 0;
      for (let draw = 0; draw < 20; draw++) sum += rho(erdosRenyi(n, probability, rng.derive(n, draw)));
      return sum / 20;
    };
    expect(mean(20, 0.3)).to.be.closeTo(0.8, 0.05);
    expect(mean(50, 0.2)).to.be.closeTo(0.75, 0.05);
  });

  it('push-sum on a star of 10: rho = sqrt(1.6), by hand, above 1 since rows do not sum to 1', () => {
    // Column j > 0 of W - J is 0.4 at the centre and at j, -0.1 elsewhere: |u|^2 = 0.4 and u_j . u_k = 0.15 for 9 of them.
    expect(contractionFactor(pushSumWeights(star(10))) ** 2).to.be.closeTo(0.4 + 8 * 0.15, 1e-12);
  });

  it('gossip: no step moves the distance to the mean by more than rho, and the worst start by exactly rho', () => {
    const matrix = metropolisWeights(ring(9));
    const rows = denseRows(matrix);
    const bound = contractionFactor(matrix);
    const shrink = (start: readonly number[]) => {
      const mean = start.reduce((a, b) => a + b, 0) / start.length;
      const distance = (x: readonly number[]) => Math.sqrt(x.reduce((sum, v) => sum + (v - mean) ** 2, 0));
      return distance(rows.map((row) => row.reduce((sum, w, j) => sum + w * start[j]!, 0))) / distance(start);
    };
    const rng = rootStream(3, 'float64');
    for (let trial = 0; trial < 50; trial++) expect(shrink([...rng.normal(9)])).to.be.at.most(bound + 1e-12);
    expect(shrink(Array.from({ length: 9 }, (_, i) => Math.cos((turn * i) / 9)))).to.be.closeTo(bound, 1e-12);
  });

  it('asks for a symmetric matrix for eigenvalues and for at most 512 nodes', () => {
    expect(() => eigenvalues(metropolisWeights(exponential(6)))).to.throw(RangeError, /symmetric/);
    expect(() => rho(ring(513))).to.throw(RangeError, /512/);
  });
});
