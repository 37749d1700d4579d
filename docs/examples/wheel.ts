import { defineSettings, defineTopology, type Edge, fixed, GradswarmError, undirectedGraph } from 'gradswarm/topology';

/** Client 0 is the hub; the others form a ring around it, and each has a spoke. */
export default defineTopology({
  name: 'wheel',
  summary: 'A ring whose clients are all linked to client 0',
  settings: defineSettings({}),
  create(_settings, clientCount) {
    if (clientCount < 4)
      throw new GradswarmError('ERR_SCENARIO', `topology: expected at least 4 clients for a wheel, got ${clientCount}`);
    const rim = clientCount - 1;
    const edges: Edge[] = [];
    for (let i = 0; i < rim; i++) edges.push([0, 1 + i], [1 + i, 1 + ((i + 1) % rim)]);
    return fixed(undirectedGraph(clientCount, edges));
  },
});
