import { defineSettings } from '../../settings/settings.js';
import { defineTopology } from '../family.js';
import { exponentialPeriod, onePeerExponential } from '../graphs.js';

export default defineTopology({
  name: 'one-peer-exponential',
  summary: 'Directed, one peer a round: client i receives from i + 1, then i + 2, then i + 4, …',
  settings: defineSettings({}),
  create(_, clientCount) {
    const period = Math.max(1, exponentialPeriod(clientCount));
    return { period, at: (round) => onePeerExponential(clientCount, round) };
  },
});
