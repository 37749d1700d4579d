import { actsIn } from '../frame-filter.js';
import { type BuiltInFaultRule, DROP, PASS, type RuleMaker } from '../rule.js';

type Settings = Extract<BuiltInFaultRule, { fault: 'symmetric-drop' }>;

/**
 * An undirected edge between two clients is down for a whole round: all frames of the round are lost in both directions, so that
 * peers that keep their own value where a neighbour's is missing still mix with a symmetric matrix.
 */
export const symmetricDrop: RuleMaker<Settings> = (settings, { streams }) => ({
  judge({ from, to, round }) {
    if (from === 'coordinator' || to === 'coordinator' || !actsIn(settings, round)) return PASS;
    const edge = streams.derive(Math.min(from, to), Math.max(from, to), round);
    return edge.uniform() < settings.probability ? DROP : PASS;
  },
});
