import { actsIn } from '../links/frame-filter.js';
import { probability } from '../settings/kinds.js';
import { required } from '../settings/setting.js';
import { defineSettings, type Given, type SettingsOf } from '../settings/settings.js';
import { defineFault, type Fault, faultOf } from './fault.js';
import { DROP, PASS } from './parts/acting-rule.js';

const settings = defineSettings({ probability: probability(required, 'For each undirected edge and round') });
type Settings = SettingsOf<typeof settings>;

/** Each undirected edge between clients is down in both directions for a whole round, with this probability. */
export function symmetricDrop(given: Given<Settings, 'probability'>): Fault {
  return faultOf({ ...given, fault: 'symmetric-drop' });
}

/** Peers that keep their own value where a neighbour's is missing still mix with a symmetric matrix. */
export default defineFault({
  name: 'symmetric-drop',
  summary: 'An edge between two clients loses all frames of a round in both directions',
  settings,
  losesMessages: true,
  create: (rule, { streams }) => ({
    judge({ from, to, round }) {
      if (from === 'coordinator' || to === 'coordinator' || !actsIn(rule, round)) return PASS;
      const edge = streams.derive(Math.min(from, to), Math.max(from, to), round);
      return edge.uniform() < rule.probability ? DROP : PASS;
    },
  }),
});
