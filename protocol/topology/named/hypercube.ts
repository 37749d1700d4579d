import { defineSettings } from '../../settings/settings.js';
import { defineTopology, fixed } from '../family.js';
import { hypercube } from '../graphs.js';

export default defineTopology({
  name: 'hypercube',
  summary: 'Clients whose numbers differ in one bit; a power of two of them',
  settings: defineSettings({}),
  create: (_, clientCount) => fixed(hypercube(clientCount)),
});
