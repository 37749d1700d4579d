import { GradswarmError } from '../errors.js';
import type { ClientIndex } from '../method.js';

/** A directed graph as neighbour lists. Lists are ascending, without repeats and without the node itself; memory is linear in the edges. */
export interface Graph {
  readonly nodeCount: number;
  readonly directed: boolean;
  /** inNeighbors[i]: nodes whose messages reach i. In an undirected graph equal to `outNeighbors`. */
  readonly inNeighbors: readonly (readonly ClientIndex[])[];
  /** outNeighbors[i]: nodes that i's messages reach. */
  readonly outNeighbors: readonly (readonly ClientIndex[])[];
}

/** From one client to another, by index. */
export type Edge = readonly [from: ClientIndex, to: ClientIndex];

function checkEnd(nodeCount: number, [from, to]: Edge): void {
  const inside = (node: number) => Number.isInteger(node) && node >= 0 && node < nodeCount;
  if (!inside(from) || !inside(to) || from === to)
    throw new GradswarmError(
      'ERR_SCENARIO',
      `edge [${from}, ${to}]: expected two different clients from 0 to ${nodeCount - 1}`,
    );
}

function sortedLists(sets: readonly Set<ClientIndex>[]): ClientIndex[][] {
  return sets.map((set) => [...set].sort((a, b) => a - b));
}

function emptySets(nodeCount: number): Set<ClientIndex>[] {
  return Array.from({ length: nodeCount }, () => new Set<ClientIndex>());
}

/** Every edge carries messages in both directions. Repeated edges count once; a loop or an unknown node is ERR_SCENARIO. */
export function undirectedGraph(nodeCount: number, edges: Iterable<Edge>): Graph {
  const sets = emptySets(nodeCount);
  for (const edge of edges) {
    checkEnd(nodeCount, edge);
    sets[edge[0]]!.add(edge[1]);
    sets[edge[1]]!.add(edge[0]);
  }
  const lists = sortedLists(sets);
  return { nodeCount, directed: false, inNeighbors: lists, outNeighbors: lists };
}

/** Edge [a, b]: a sends to b. Repeated edges count once; a loop or an unknown node is ERR_SCENARIO. */
export function directedGraph(nodeCount: number, edges: Iterable<Edge>): Graph {
  const inNeighbors = emptySets(nodeCount);
  const outNeighbors = emptySets(nodeCount);
  for (const edge of edges) {
    checkEnd(nodeCount, edge);
    outNeighbors[edge[0]]!.add(edge[1]);
    inNeighbors[edge[1]]!.add(edge[0]);
  }
  return { nodeCount, directed: true, inNeighbors: sortedLists(inNeighbors), outNeighbors: sortedLists(outNeighbors) };
}

/** Directed edges; an undirected edge counts twice. */
export function linkCount(graph: Graph): number {
  let count = 0;
  for (const list of graph.inNeighbors) count += list.length;
  return count;
}

function reachesAll(nodeCount: number, next: (node: number) => Iterable<number>): boolean {
  const seen = new Uint8Array(nodeCount);
  const waiting = [0];
  seen[0] = 1;
  let reached = 1;
  for (let node = waiting.pop(); node !== undefined; node = waiting.pop()) {
    for (const other of next(node)) {
      if (seen[other] === 1) continue;
      seen[other] = 1;
      reached++;
      waiting.push(other);
    }
  }
  return reached === nodeCount;
}

/**
 * Can every node reach every other over enough rounds when these graphs alternate? For one directed
 * graph: is it strongly connected?
 */
export function isConnected(...graphs: readonly Graph[]): boolean {
  const nodeCount = graphs[0]?.nodeCount ?? 0;
  if (nodeCount === 0) return false;
  const union = (lists: 'inNeighbors' | 'outNeighbors') => (node: number) =>
    graphs.flatMap((graph) => graph[lists][node]!);
  return reachesAll(nodeCount, union('outNeighbors')) && reachesAll(nodeCount, union('inNeighbors'));
}

/** The common degree when all in- and out-degrees are equal; undefined otherwise. */
export function regularDegree(graph: Graph): number | undefined {
  const degree = graph.inNeighbors[0]?.length;
  for (let i = 0; i < graph.nodeCount; i++)
    if (graph.inNeighbors[i]!.length !== degree || graph.outNeighbors[i]!.length !== degree) return undefined;
  return degree;
}
