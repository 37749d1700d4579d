import { defineSettings } from '../../settings/settings.js';
import { defineTopology, fixed } from '../family.js';
import { complete } from '../graphs.js';

export default defineTopology({
  name: 'complete',
  summary: 'All with all',
  settings: defineSettings({}),
  create: (_, clientCount) => fixed(complete(clientCount)),
});
