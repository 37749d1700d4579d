import type { ClientIndex, Links, PartyId } from '../method.js';
import type { RoundPlan } from '../wire/seal.js';

/** The links of a client in a round: the graph's, or, in a meeting, those of the pair. */
export function linksIn(
  host: { linksOf(client: ClientIndex, round: number): Links },
  client: ClientIndex,
  { index, cohort, ready }: Pick<RoundPlan, 'index' | 'cohort' | 'ready'>,
): Links {
  if (!ready) return host.linksOf(client, index);
  return pair(ready.length === 1 && cohort.length === 2 ? cohort : [client]);
}

/** Both give both models the same weight: the matrix of a meeting is symmetric, so its columns sum to 1 and the mean of all models stays. */
function pair(members: readonly ClientIndex[]): Links {
  const weight = (peer: PartyId) => (members.includes(peer as ClientIndex) ? 1 / members.length : 0);
  return { inNeighbors: members, outNeighbors: members, weightFrom: weight, weightTo: weight };
}
