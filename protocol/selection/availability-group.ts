import { count } from '../settings/kinds.js';
import { defineSettings } from '../settings/settings.js';
import { defineSelection } from './selection.js';

/**
 * Groups of clients that are available in turn, such as time zones: cyclic client participation (Cho, Sharma, Joshi, Xu, Kale,
 * Zhang, "On the Convergence of Federated Averaging with Cyclic Client Participation", 2023; reconstructed, not checked against the
 * paper). Client i of n is in group floor(i groups / n), so a partition by label gives each group labels of its own. Each round's
 * cohort is drawn uniformly from the group whose turn it is; a group smaller than the cohort comes whole.
 */
export default defineSelection({
  name: 'availability-group',
  summary:
    'Uniformly from one group of clients at a time, the groups in turn (Cho, Sharma, Joshi, Xu, Kale, Zhang, 2023)',
  settings: defineSettings({
    groups: count(2, 'Number of groups, of neighbouring client numbers'),
    roundsPerGroup: count(1, 'Rounds until the next group has its turn'),
  }),
  misfit({ groups }, { clientCount, cohort }) {
    if (groups > clientCount) return { at: 'groups', expected: `at most the ${clientCount} clients` };
    const smallest = Math.floor(clientCount / groups);
    // A cohort of all clients is all of the group.
    return cohort < clientCount && cohort > smallest
      ? { at: 'groups', expected: `groups of at least the cohort of ${cohort}, where the smallest has ${smallest}` }
      : null;
  },
  create({ groups, roundsPerGroup }, { clientCount, cohort }) {
    const firstOf = (group: number): number => Math.ceil((group * clientCount) / groups);
    return {
      init: () => null,
      invite(_, { index, rng }) {
        const group = Math.floor(index / roundsPerGroup) % groups;
        const first = firstOf(group);
        const size = firstOf(group + 1) - first;
        if (size === 0) return [];
        return Array.from(rng.batch(size, Math.min(cohort, size)).sort(), (member) => ({
          client: first + member,
          factor: null,
        }));
      },
    };
  },
});
