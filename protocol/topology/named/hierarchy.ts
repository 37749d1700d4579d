import { GradswarmError } from '../../errors.js';
import { count, oneOf } from '../../settings/kinds.js';
import { required } from '../../settings/setting.js';
import { defineSettings } from '../../settings/settings.js';
import { defineTopology } from '../family.js';
import { type Edge, undirectedGraph } from '../graph.js';

/** Below the coordinator: each client with one edge server, which is one of the last parties of the run. */
export default defineTopology({
  name: 'hierarchy',
  summary: 'Clients, edge servers and the coordinator: each client with its edge server',
  settings: defineSettings({
    edges: count(required, 'Edge servers: the last so many of `clients`, which hold no data'),
    assignment: oneOf(
      ['blocks', 'round-robin'],
      'blocks',
      "Clients of an edge server: 'blocks' of neighbouring indices, or client c with edge server c modulo their number",
    ),
  }),
  edgeServers: ({ edges }) => edges,
  create({ edges, assignment }, clientCount) {
    const withData = clientCount - edges;
    if (withData < edges)
      throw new GradswarmError(
        'ERR_SCENARIO',
        `topology.edges: expected at most half of clients = ${clientCount}, so that each edge server has a client, got ${edges}`,
      );
    const pairs = Array.from({ length: withData }, (_, client): Edge => {
      const server = assignment === 'blocks' ? Math.floor((client * edges) / withData) : client % edges;
      return [client, withData + server];
    });
    const graph = undirectedGraph(clientCount, pairs);
    return { period: 1, isTiered: true, at: () => graph };
  },
});
