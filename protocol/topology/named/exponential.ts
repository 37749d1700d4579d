import { defineSettings } from '../../settings/settings.js';
import { defineTopology, fixed } from '../family.js';
import { exponential } from '../graphs.js';

export default defineTopology({
  name: 'exponential',
  summary: 'Directed: client i receives from i + 1, i + 2, i + 4, …',
  settings: defineSettings({}),
  create: (_, clientCount) => fixed(exponential(clientCount)),
});
