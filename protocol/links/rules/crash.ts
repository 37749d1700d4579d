import { selectsClient } from '../frame-filter.js';
import type { BuiltInFaultRule, RuleMaker } from '../rule.js';

type Settings = Extract<BuiltInFaultRule, { fault: 'crash' }>;

/**
 * Clients are absent from the rule's first round on, for `downRounds` rounds or, where that is null, as long as the rule lasts. With
 * `memory: 'lost'` they return, in the first round after it, with a new record from `init`: state and codec memories are lost,
 * while receivers that follow a sender's codec memory keep theirs.
 */
export const crash: RuleMaker<Settings> = ({ from, until, clients, downRounds, memory }) => {
  const selects = selectsClient(clients);
  const back = downRounds === null ? (until ?? Number.POSITIVE_INFINITY) : from + downRounds;
  return {
    keepsAway: (client, round) => round >= from && round < back && selects(client),
    forgets: (client, round) => memory === 'lost' && round === back && selects(client),
  };
};
