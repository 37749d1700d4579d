import { actsIn } from '../links/frame-filter.js';
import type { PartyId } from '../method.js';
import { party } from '../scenario/selectors.js';
import { list } from '../settings/kinds.js';
import { required } from '../settings/setting.js';
import { defineSettings } from '../settings/settings.js';
import { defineFault, type Fault, faultOf } from './fault.js';
import { DROP, PASS } from './parts/acting-rule.js';

const group = list(party, required, 'A group', 1);
const settings = defineSettings({
  groups: list(group, required, 'Parties that reach each other; a party in no group reaches all', 2),
}).and(({ groups }) => {
  const parties = groups.flat();
  return new Set(parties).size === parties.length ? null : { at: 'groups', expected: 'groups without a common party' };
});

/** No frame passes between parties of different groups. A party in no group reaches all parties. */
export function partition(...groups: readonly (readonly PartyId[])[]): Fault {
  return faultOf({ fault: 'partition', groups });
}

export default defineFault({
  name: 'partition',
  summary: 'Frames between parties of different groups are lost',
  settings,
  losesMessages: true,
  create(rule) {
    const groupOf = new Map<PartyId, number>();
    for (const [index, parties] of rule.groups.entries()) for (const one of parties) groupOf.set(one, index);
    return {
      judge({ from, to, round }) {
        if (!actsIn(rule, round)) return PASS;
        const sender = groupOf.get(from);
        const receiver = groupOf.get(to);
        return sender === undefined || receiver === undefined || sender === receiver ? PASS : DROP;
      },
    };
  },
});
