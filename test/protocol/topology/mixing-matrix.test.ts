import { expect } from 'chai';
import { rootStream } from '../../../protocol/numerics/random.js';
import { directedGraph, type Graph, undirectedGraph } from '../../../protocol/topology/graph.js';
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
  maximumDegreeWeights,
  metropolisWeights,
  pushSumWeights,
  uniformWeights,
  weightOf,
} from '../../../protocol/topology/mixing-matrix.js';

const rng = rootStream(11, 'float64');
const irregular = undirectedGraph(6, [
  [0, 1],
  [1, 2],
  [1, 3],
  [3, 4],
  [4, 5],
  [5, 3],
]);
const graphs: Readonly<Record<string, Graph>> = {
  'ring of 7': ring(7),
  'path of 5': path(5),
  'star of 9': star(9),
  'complete of 6': complete(6),
  'torus 3 x 5': torus(3, 5),
  'torus 2 x 3': torus(2, 3),
  'hypercube of 16': hypercube(16),
  'Erdős-Rényi (20, 0.3)': erdosRenyi(20, 0.3, rng),
  irregular,
  'one node': ring(1),
};

function columnSum(matrix: MixingMatrix, column: number): number {
  return denseRows(matrix).reduce((sum, row) => sum + row[column]!, 0);
}

function expectDoublyStochastic(matrix: MixingMatrix): void {
  const rows = denseRows(matrix);
  for (let i = 0; i < rows.length; i++) {
    expect(rows[i]!.reduce((a, b) => a + b, 0)).to.be.closeTo(1, 1e-15);
    expect(columnSum(matrix, i)).to.be.closeTo(1, 1e-15);
    for (const weight of rows[i]!) expect(weight).to.be.at.least(0);
  }
}

describe('protocol/topology/mixing-matrix', () => {
  for (const [name, graph] of Object.entries(graphs))
    for (const [rule, weigh] of Object.entries({ metropolis: metropolisWeights, maximum: maximumDegreeWeights }))
      it(`${rule} weights on ${name}: rows and columns sum to 1 within 1e-15, symmetric, none negative`, () => {
        for (const matrix of [weigh(graph), lazyWeights(weigh(graph))]) {
          expectDoublyStochastic(matrix);
          const rows = denseRows(matrix);
          for (let i = 0; i < rows.length; i++) for (let j = 0; j < i; j++) expect(rows[i]![j]).to.equal(rows[j]![i]);
        }
      });

  it('metropolis on an irregular graph: 1 / (1 + the larger degree), by hand', () => {
    const matrix = metropolisWeights(irregular);
    // Degrees: 1, 3, 1, 3, 2, 2.
    expect(weightOf(matrix, 0, 1)).to.equal(1 / 4);
    expect(weightOf(matrix, 4, 5)).to.equal(1 / 3);
    expect(weightOf(matrix, 0, 0)).to.equal(3 / 4);
    expect(weightOf(matrix, 0, 5)).to.equal(0);
    expect(weightOf(maximumDegreeWeights(irregular), 4, 5)).to.equal(1 / 4);
  });

  it('directed exponential graphs are doubly stochastic and not symmetric', () => {
    for (const n of [2, 3, 6, 8, 13, 16]) {
      expectDoublyStochastic(metropolisWeights(exponential(n)));
      for (let round = 0; round < 5; round++) expectDoublyStochastic(metropolisWeights(onePeerExponential(n, round)));
    }
    const matrix = uniformWeights(exponential(8));
    expect(weightOf(matrix, 0, 1)).to.equal(1 / 4);
    expect(weightOf(matrix, 1, 0)).to.equal(0);
  });

  it('push-sum weights on an irregular directed graph: columns sum to 1, rows do not', () => {
    const graph = directedGraph(4, [
      [0, 1],
      [0, 2],
      [0, 3],
      [1, 0],
      [2, 1],
      [3, 0],
    ]);
    const matrix = pushSumWeights(graph);
    for (let j = 0; j < 4; j++) expect(columnSum(matrix, j)).to.be.closeTo(1, 1e-15);
    expect(weightOf(matrix, 2, 0)).to.equal(1 / 4);
    expect(weightOf(matrix, 1, 2)).to.equal(1 / 2);
    expect(denseRows(matrix)[0]!.reduce((a, b) => a + b, 0)).to.equal(1.25);
    expect(() => metropolisWeights(graph)).to.throw('ERR_SCENARIO');
    // Each has one in-neighbour, but 0 has two out-neighbours and 2 none.
    const lopsided = directedGraph(3, [
      [0, 1],
      [0, 2],
      [1, 0],
    ]);
    expect(() => metropolisWeights(lopsided)).to.throw('ERR_SCENARIO');
    expect(() => maximumDegreeWeights(graph)).to.throw("'push-sum'");
  });

  it("uniform weights are refused on a star, and equal metropolis' on a torus", () => {
    expect(() => uniformWeights(star(4))).to.throw(/ERR_SCENARIO.*'uniform'.*'metropolis'/);
    expect(uniformWeights(torus(3, 4))).to.deep.equal(metropolisWeights(torus(3, 4)));
  });

  it('memory is linear in the edges: a ring of 1,000 stores 3,000 weights', () => {
    expect(metropolisWeights(ring(1000)).weights).to.have.length(3000);
  });
});
