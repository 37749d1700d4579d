/** Topologies of one's own: who sends to whom in each round. */

export type { ClientIndex } from '../../protocol/method.js';
export { defineTopology, fixed, type GraphSequence, type TopologyFamily } from '../../protocol/topology/family.js';
export { directedGraph, type Edge, type Graph, isConnected, undirectedGraph } from '../../protocol/topology/graph.js';
export * from './settings.js';
