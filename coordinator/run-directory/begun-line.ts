import type { ClientIndex } from '../../protocol/method.js';
import type { Attempt } from '../../protocol/privacy/accounting/attempts.js';
import type { LedgerEntry } from '../../protocol/privacy/accounting/ledger-entry.js';
import { parseLedgerEntries } from './ledger-entries.js';

/** The same release of several clients; without `clients`: of the whole cohort. */
type Expected = Omit<LedgerEntry, 'round' | 'attempt' | 'party'> & { readonly clients?: readonly ClientIndex[] };

/** A line of ledger.jsonl: an attempt at a round began under secure noise, and may have released. */
export interface Begun {
  readonly begun: number;
  readonly attempt: number;
  readonly cohort: readonly ClientIndex[] | null;
  /** Left out: the method does not say what its clients release. */
  readonly expected?: readonly Expected[];
}

export function begunLine({ round, attempt, cohort, expected }: Attempt): Begun {
  const line = { begun: round, attempt, cohort };
  return expected && cohort ? { ...line, expected: byRelease(expected, cohort) } : line;
}

export function begunAttempt({ begun: round, attempt, cohort, expected }: Begun): Attempt {
  if (!expected) return { round, attempt, cohort };
  const entries = expected.flatMap(({ clients, ...release }) =>
    (clients ?? cohort ?? []).map((party) => ({ ...release, party, round, attempt })),
  );
  return { round, attempt, cohort, expected: parseLedgerEntries(entries) };
}

/** Most clients release the same: such a line is written before every round. */
function byRelease(entries: readonly LedgerEntry[], cohort: readonly ClientIndex[]): Expected[] {
  const groups = new Map<string, { readonly release: Omit<Expected, 'clients'>; readonly clients: ClientIndex[] }>();
  for (const { round: _, attempt: __, party, ...release } of entries) {
    if (party === 'coordinator') continue;
    const key = JSON.stringify(release);
    const group = groups.get(key);
    if (group) group.clients.push(party);
    else groups.set(key, { release, clients: [party] });
  }
  return [...groups.values()].map(({ release, clients }) =>
    clients.join() === cohort.join() ? release : { ...release, clients },
  );
}
