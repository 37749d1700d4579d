import { flag, integer, list } from '../../settings/kinds.js';
import { required } from '../../settings/setting.js';
import { defineSettings } from '../../settings/settings.js';
import { defineTopology, fixed } from '../family.js';
import { directedGraph, type Edge, undirectedGraph } from '../graph.js';

export default defineTopology({
  name: 'edge-list',
  summary: 'The edges that are listed',
  settings: defineSettings({
    edges: list(list(integer(required, 'A client'), required, 'From, to', 2), [], 'Pairs of clients'),
    directed: flag(false, 'Edges lead from the first to the second alone'),
  }).and(({ edges }) =>
    edges.every(({ length }) => length === 2) ? null : { at: 'edges', expected: 'pairs of clients' },
  ),
  create: ({ edges, directed }, clientCount) =>
    fixed((directed ? directedGraph : undirectedGraph)(clientCount, edges as unknown as readonly Edge[])),
});
