import type { PartyId } from '../../method.js';
import { actsIn } from '../frame-filter.js';
import { type BuiltInFaultRule, DROP, PASS, type RuleMaker } from '../rule.js';

type Settings = Extract<BuiltInFaultRule, { fault: 'partition' }>;

/** Frames between different groups are lost. A party in no group reaches all parties. */
export const partition: RuleMaker<Settings> = (settings) => {
  const groupOf = new Map<PartyId, number>();
  for (const [index, group] of settings.groups.entries()) for (const party of group) groupOf.set(party, index);
  return {
    judge({ from, to, round }) {
      if (!actsIn(settings, round)) return PASS;
      const sender = groupOf.get(from);
      const receiver = groupOf.get(to);
      return sender === undefined || receiver === undefined || sender === receiver ? PASS : DROP;
    },
  };
};
