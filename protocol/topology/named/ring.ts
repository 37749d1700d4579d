import { defineSettings } from '../../settings/settings.js';
import { defineTopology, fixed } from '../family.js';
import { ring } from '../graphs.js';

export default defineTopology({
  name: 'ring',
  summary: 'Each client with the next, the last with the first',
  settings: defineSettings({}),
  create: (_, clientCount) => fixed(ring(clientCount)),
});
