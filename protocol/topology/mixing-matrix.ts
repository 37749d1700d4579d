import { GradswarmError } from '../errors.js';
import type { ClientIndex } from '../method.js';
import { type Graph, linkCount, regularDegree } from './graph.js';

/**
 * Weights w_ij that node i gives to the vector of node j, in compressed sparse rows: memory linear in the edges. Every row
 * holds its own diagonal entry.
 */
export interface MixingMatrix {
  readonly nodeCount: number;
  /** Row i is columns[rowStarts[i] ... rowStarts[i + 1]) with the weights of the same positions. Columns ascend. */
  readonly rowStarts: Int32Array;
  readonly columns: Int32Array;
  readonly weights: Float64Array;
  /** 'doubly': rows and columns sum to 1. 'columns': only columns do (push-sum). */
  readonly stochastic: 'doubly' | 'columns';
}

export type WeightRule = 'metropolis' | 'maximum-degree' | 'uniform' | 'push-sum';

/** Rows of `graph` plus the diagonal, off-diagonal entries from `weight`, diagonal left 0. */
function fromGraph(
  graph: Graph,
  stochastic: MixingMatrix['stochastic'],
  weight: (row: number, column: number) => number,
): MixingMatrix {
  const { nodeCount } = graph;
  const rowStarts = new Int32Array(nodeCount + 1);
  const columns = new Int32Array(linkCount(graph) + nodeCount);
  const weights = new Float64Array(columns.length);
  let k = 0;
  for (let i = 0; i < nodeCount; i++) {
    let selfPlaced = false;
    for (const j of graph.inNeighbors[i]!) {
      if (!selfPlaced && j > i) {
        columns[k++] = i;
        selfPlaced = true;
      }
      columns[k] = j;
      weights[k++] = weight(i, j);
    }
    if (!selfPlaced) columns[k++] = i;
    rowStarts[i + 1] = k;
  }
  return { nodeCount, rowStarts, columns, weights, stochastic };
}

/** Position of entry (row, column), or -1. */
function positionOf(matrix: MixingMatrix, row: number, column: number): number {
  let low = matrix.rowStarts[row]!;
  let high = matrix.rowStarts[row + 1]! - 1;
  while (low <= high) {
    const middle = (low + high) >> 1;
    const found = matrix.columns[middle]!;
    if (found === column) return middle;
    if (found < column) low = middle + 1;
    else high = middle - 1;
  }
  return -1;
}

/** Entry (row, column); 0 between nodes that are not linked. */
export function weightOf(matrix: MixingMatrix, row: ClientIndex, column: ClientIndex): number {
  const position = row >= 0 && row < matrix.nodeCount ? positionOf(matrix, row, column) : -1;
  return position < 0 ? 0 : matrix.weights[position]!;
}

/** Sets every diagonal entry so that its row sums to 1. */
function completeRows(matrix: MixingMatrix): MixingMatrix {
  const { rowStarts, columns, weights } = matrix;
  for (let i = 0; i < matrix.nodeCount; i++) {
    let others = 0;
    let diagonal = -1;
    for (let k = rowStarts[i]!; k < rowStarts[i + 1]!; k++) {
      if (columns[k] === i) diagonal = k;
      else others += weights[k]!;
    }
    weights[diagonal] = 1 - others;
  }
  return matrix;
}

/** Without equal in- and out-degrees no rule that looks at degrees alone is doubly stochastic on a directed graph. */
function refuseIrregularDirected(graph: Graph, rule: WeightRule): void {
  if (graph.directed && regularDegree(graph) === undefined)
    throw new GradswarmError(
      'ERR_SCENARIO',
      `topology: weights '${rule}' are not doubly stochastic on a directed graph whose degrees differ; expected ` +
        "weights 'push-sum' and a method that uses them, or an undirected graph",
    );
}

/** w_ij = 1 / (1 + max(degree_i, degree_j)) on edges. Symmetric on undirected graphs; doubly stochastic. */
export function metropolisWeights(graph: Graph): MixingMatrix {
  refuseIrregularDirected(graph, 'metropolis');
  const degree = (i: number) => graph.inNeighbors[i]!.length;
  return completeRows(fromGraph(graph, 'doubly', (i, j) => 1 / (1 + Math.max(degree(i), degree(j)))));
}

/** I - Laplacian / (1 + largest degree). Symmetric on undirected graphs; doubly stochastic. */
export function maximumDegreeWeights(graph: Graph): MixingMatrix {
  refuseIrregularDirected(graph, 'maximum-degree');
  let largest = 0;
  for (const list of graph.inNeighbors) largest = Math.max(largest, list.length);
  return completeRows(fromGraph(graph, 'doubly', () => 1 / (1 + largest)));
}

/** 1 / (1 + degree) everywhere. Throws ERR_SCENARIO unless the graph is regular: it would not be doubly stochastic. */
export function uniformWeights(graph: Graph): MixingMatrix {
  const degree = regularDegree(graph);
  if (degree === undefined)
    throw new GradswarmError(
      'ERR_SCENARIO',
      "topology: weights 'uniform' expected a graph in which all clients have equally many neighbours, got one in which " +
        "they differ; use 'metropolis'",
    );
  return completeRows(fromGraph(graph, 'doubly', () => 1 / (1 + degree)));
}

/** Every sender j splits its value evenly: 1 / (1 + out-degree of j) to each out-neighbour and to itself. */
export function pushSumWeights(graph: Graph): MixingMatrix {
  const matrix = fromGraph(graph, 'columns', (_, j) => 1 / (1 + graph.outNeighbors[j]!.length));
  for (let j = 0; j < graph.nodeCount; j++) {
    const share = 1 / (1 + graph.outNeighbors[j]!.length);
    matrix.weights[positionOf(matrix, j, j)] = 1 - share * graph.outNeighbors[j]!.length;
  }
  return matrix;
}

export const weightRules: Readonly<Record<WeightRule, (graph: Graph) => MixingMatrix>> = {
  metropolis: metropolisWeights,
  'maximum-degree': maximumDegreeWeights,
  uniform: uniformWeights,
  'push-sum': pushSumWeights,
};

/** (I + W) / 2: no negative eigenvalues, half the mixing. */
export function lazyWeights(matrix: MixingMatrix): MixingMatrix {
  const weights = new Float64Array(matrix.weights.length);
  for (let i = 0; i < matrix.nodeCount; i++)
    for (let k = matrix.rowStarts[i]!; k < matrix.rowStarts[i + 1]!; k++)
      weights[k] = 0.5 * matrix.weights[k]! + (matrix.columns[k] === i ? 0.5 : 0);
  return { ...matrix, weights };
}

/** W as rows of numbers; for spectra, tests and small displays. */
export function denseRows(matrix: MixingMatrix): Float64Array[] {
  return Array.from({ length: matrix.nodeCount }, (_, i) => {
    const row = new Float64Array(matrix.nodeCount);
    for (let k = matrix.rowStarts[i]!; k < matrix.rowStarts[i + 1]!; k++) row[matrix.columns[k]!] = matrix.weights[k]!;
    return row;
  });
}
