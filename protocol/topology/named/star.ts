import { defineSettings } from '../../settings/settings.js';
import { defineTopology, fixed } from '../family.js';
import { star } from '../graphs.js';

export default defineTopology({
  name: 'star',
  summary: 'Client 0 with all others',
  settings: defineSettings({}),
  create: (_, clientCount) => fixed(star(clientCount)),
});
