import type { ClientIndex, PartyId } from '../../protocol/method.js';
import type { Attempt } from '../../protocol/privacy/accounting/attempts.js';
import type { LedgerEntry } from '../../protocol/privacy/accounting/ledger-entry.js';

/**
 * The releases of a round with those of its earlier attempts: an attempt that was not the last has released what it had released, and how far
 * it came is unknown. So each is charged what its clients release at most, and where that is not known like the one that succeeded, which had this `cohort` and no report from `silent` clients of it. A
 * client of an earlier cohort that had no part in it is charged what the client that released most was. Where the one that succeeded
 * released nothing, the earlier ones are charged like `worst`, another round. What the coordinator released is charged before it is made;
 * only of an attempt without a recorded cohort it is not known.
 */
export function withAttempts(
  entries: readonly LedgerEntry[],
  earlier: readonly Attempt[],
  { cohort, silent }: { readonly cohort: readonly ClientIndex[]; readonly silent: readonly ClientIndex[] },
  worst: readonly LedgerEntry[] = [],
): LedgerEntry[] {
  const charged = [...entries];
  const alike = entries.length > 0 ? entries : worst;
  const most = costliestClient(alike);
  const known = new Set<PartyId>(
    entries.length > 0 ? cohort.filter((client) => !silent.includes(client)) : alike.map(({ party }) => party),
  );
  for (const { round, attempt, cohort: own, expected } of earlier) {
    if (expected) {
      charged.push(...expected);
      continue;
    }
    for (const entry of alike)
      if (!own || (entry.party !== 'coordinator' && own.includes(entry.party)))
        charged.push({ ...entry, round, attempt });
    for (const client of own?.filter((member) => !known.has(member)) ?? silent)
      for (const entry of most) charged.push({ ...entry, round, attempt, party: client });
  }
  return charged;
}

/** Of the client whose releases cost most, by the sum of (q / z)^2; none: no client released anything. */
export function costliestClient(entries: readonly LedgerEntry[]): readonly LedgerEntry[] {
  const byClient = new Map<PartyId, LedgerEntry[]>();
  for (const entry of entries) {
    if (entry.party === 'coordinator') continue;
    const own = byClient.get(entry.party);
    if (own) own.push(entry);
    else byClient.set(entry.party, [entry]);
  }
  let most: readonly LedgerEntry[] = [];
  for (const own of byClient.values()) if (most.length === 0 || cost(own) > cost(most)) most = own;
  return most;
}

/** What to compare releases by, of one client or of one round. */
export function cost(entries: readonly LedgerEntry[]): number {
  return entries.reduce(
    (sum, { count, sampling, noiseMultiplier }) => sum + count * (sampling / noiseMultiplier) ** 2,
    0,
  );
}

/** Releases of one round after the other. */
export function byRound(entries: readonly LedgerEntry[]): Iterable<LedgerEntry[]> {
  const rounds = new Map<number, LedgerEntry[]>();
  for (const entry of entries) {
    const list = rounds.get(entry.round);
    if (list) list.push(entry);
    else rounds.set(entry.round, [entry]);
  }
  return rounds.values();
}
