import { defineSettings } from '../../settings/settings.js';
import { defineTopology, fixed } from '../family.js';
import { path } from '../graphs.js';

export default defineTopology({
  name: 'path',
  summary: 'Each client with the next',
  settings: defineSettings({}),
  create: (_, clientCount) => fixed(path(clientCount)),
});
