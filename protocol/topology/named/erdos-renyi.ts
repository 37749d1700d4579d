import { fraction } from '../../settings/kinds.js';
import { defineSettings } from '../../settings/settings.js';
import { defineTopology, fixed } from '../family.js';
import { erdosRenyi } from '../graphs.js';

export default defineTopology({
  name: 'erdos-renyi',
  summary: 'Each edge independently, drawn again until the graph is connected',
  settings: defineSettings({ probability: fraction(0.3, 'Of each edge') }),
  create: ({ probability }, clientCount, rng) => fixed(erdosRenyi(clientCount, probability, rng)),
});
