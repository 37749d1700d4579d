import { defineSettings } from '../../settings/settings.js';
import { defineTopology } from '../family.js';
import { randomMatching } from '../graphs.js';

export default defineTopology({
  name: 'random-matching',
  summary: 'New random pairs in every round',
  settings: defineSettings({}),
  create: (_, clientCount, rng) => ({
    period: null,
    at: (round) => randomMatching(clientCount, rng.derive('random-matching', round)),
  }),
});
