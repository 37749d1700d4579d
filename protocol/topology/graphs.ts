import { GradswarmError } from '../errors.js';
import type { Rng } from '../method.js';
import { log } from '../numerics/elementary.js';
import { directedGraph, type Edge, type Graph, isConnected, undirectedGraph } from './graph.js';

/** The standard graphs. Each is a pure function of its arguments; one node is a graph without edges. */

export function ring(nodeCount: number): Graph {
  const edges: Edge[] = [];
  if (nodeCount > 1) for (let i = 0; i < nodeCount; i++) edges.push([i, (i + 1) % nodeCount]);
  return undirectedGraph(nodeCount, edges);
}

export function path(nodeCount: number): Graph {
  const edges: Edge[] = [];
  for (let i = 0; i + 1 < nodeCount; i++) edges.push([i, i + 1]);
  return undirectedGraph(nodeCount, edges);
}

/** Node 0 is the centre. */
export function star(nodeCount: number): Graph {
  const edges: Edge[] = [];
  for (let i = 1; i < nodeCount; i++) edges.push([0, i]);
  return undirectedGraph(nodeCount, edges);
}

export function complete(nodeCount: number): Graph {
  const lists = Array.from({ length: nodeCount }, (_, i) => {
    const list: number[] = [];
    for (let j = 0; j < nodeCount; j++) if (j !== i) list.push(j);
    return list;
  });
  return { nodeCount, directed: false, inNeighbors: lists, outNeighbors: lists };
}

/** Node r * columns + c is linked to its four neighbours in the grid, which wraps at both borders. */
export function torus(rows: number, columns: number): Graph {
  const edges: Edge[] = [];
  for (let r = 0; r < rows; r++)
    for (let c = 0; c < columns; c++) {
      const node = r * columns + c;
      if (columns > 1) edges.push([node, r * columns + ((c + 1) % columns)]);
      if (rows > 1) edges.push([node, ((r + 1) % rows) * columns + c]);
    }
  return undirectedGraph(rows * columns, edges);
}

/** The most nearly square [rows, columns] with rows * columns = nodeCount and rows <= columns. */
export function nearestSquare(nodeCount: number): readonly [rows: number, columns: number] {
  let rows = Math.floor(Math.sqrt(nodeCount));
  while (nodeCount % rows !== 0) rows--;
  return [rows, nodeCount / rows];
}

/** Nodes whose numbers differ in one bit are linked. Throws ERR_SCENARIO unless nodeCount is a power of two. */
export function hypercube(nodeCount: number): Graph {
  if (nodeCount < 1 || (nodeCount & (nodeCount - 1)) !== 0)
    throw new GradswarmError(
      'ERR_SCENARIO',
      `topology 'hypercube': expected a power of two clients (2, 4, 8, ...), got ${nodeCount}`,
    );
  const edges: Edge[] = [];
  for (let i = 0; i < nodeCount; i++)
    for (let bit = 1; bit < nodeCount; bit <<= 1) if (i < (i ^ bit)) edges.push([i, i ^ bit]);
  return undirectedGraph(nodeCount, edges);
}

/** ceil(log2 nodeCount): rounds after which one-peer exponential graphs repeat, and neighbours in the static one. */
export function exponentialPeriod(nodeCount: number): number {
  let period = 0;
  for (let reach = 1; reach < nodeCount; reach *= 2) period++;
  return period;
}

/** Node i receives from i + 2^0, i + 2^1, ... (mod nodeCount), below nodeCount. Directed, and regular. */
export function exponential(nodeCount: number): Graph {
  const edges: Edge[] = [];
  for (let i = 0; i < nodeCount; i++)
    for (let hop = 1; hop < nodeCount; hop *= 2) edges.push([(i + hop) % nodeCount, i]);
  return directedGraph(nodeCount, edges);
}

/** Node i receives from i + 2^(round mod period) alone: one peer a round. Directed, and regular. */
export function onePeerExponential(nodeCount: number, round: number): Graph {
  const edges: Edge[] = [];
  const period = exponentialPeriod(nodeCount);
  if (period > 0) {
    const hop = 1 << (round % period);
    for (let i = 0; i < nodeCount; i++) edges.push([(i + hop) % nodeCount, i]);
  }
  return directedGraph(nodeCount, edges);
}

/** Most draws of an Erdős-Rényi graph for a connected one. */
const CONNECTED_DRAWS = 1000;

/**
 * Each of the n (n - 1) / 2 edges independently with `probability`, drawn again until the graph is connected. A function
 * of the stream's key. Throws ERR_SCENARIO when CONNECTED_DRAWS draws gave no connected graph.
 */
export function erdosRenyi(nodeCount: number, probability: number, rng: Rng): Graph {
  for (let draw = 0; draw < CONNECTED_DRAWS; draw++) {
    const chosen = rng.derive('erdos-renyi', draw).poisson((nodeCount * (nodeCount - 1)) / 2, probability);
    const edges: Edge[] = [];
    // Pairs (i, j), i < j, are numbered row by row; `chosen` is ascending, so one sweep finds the rows.
    let row = 0;
    let rowStart = 0;
    for (const pair of chosen) {
      while (pair >= rowStart + nodeCount - 1 - row) {
        rowStart += nodeCount - 1 - row;
        row++;
      }
      edges.push([row, row + 1 + pair - rowStart]);
    }
    const graph = undirectedGraph(nodeCount, edges);
    if (isConnected(graph)) return graph;
  }
  throw new GradswarmError(
    'ERR_SCENARIO',
    `topology 'erdos-renyi': ${CONNECTED_DRAWS} draws with ${nodeCount} clients and probability ${probability} gave no ` +
      `connected graph; expected a probability well above ln(n)/n = ${(log(nodeCount) / nodeCount).toFixed(3)}`,
  );
}

/** A uniformly random pairing: every node has one partner; where nodeCount is odd, one node has none. */
export function randomMatching(nodeCount: number, rng: Rng): Graph {
  const order = rng.permutation(nodeCount);
  const edges: Edge[] = [];
  for (let k = 0; k + 1 < nodeCount; k += 2) edges.push([order[k]!, order[k + 1]!]);
  return undirectedGraph(nodeCount, edges);
}
