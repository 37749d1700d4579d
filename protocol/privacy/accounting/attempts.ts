import type { ClientIndex } from '../../method.js';
import type { LedgerEntry } from './ledger-entry.js';

/** An attempt at a round, from before its first release on. */
export interface Attempt {
  readonly round: number;
  /** From 0. */
  readonly attempt: number;
  /**
   * The clients that may have released. Null: not recorded, nor are releases of the coordinator. Otherwise those are in the ledger, and
   * where it is empty nothing else was released.
   */
  readonly cohort: readonly ClientIndex[] | null;
  /** What these clients release by themselves, at most: with it the attempt was within the limits of the run. Left out: the method does not say. */
  readonly expected?: readonly LedgerEntry[];
}

/** Attempts at one round: those that began, and how many of them, counted from the first, have their releases in the ledger. */
export interface RoundAttempts {
  readonly round: number;
  readonly begun: readonly Attempt[];
  readonly charged: number;
}

/**
 * Which attempts at rounds began and which are charged. One that began and is not charged (its process ended) may have released all that
 * an attempt at its round releases.
 */
export class Attempts {
  private readonly rounds = new Map<number, { readonly begun: (Attempt | undefined)[]; charged: number }>();

  constructor(recorded: Iterable<RoundAttempts> = []) {
    for (const { round, begun, charged } of recorded) {
      for (const attempt of begun) this.begin(attempt);
      if (charged > 0) this.charge(round, charged - 1);
    }
  }

  begin(attempt: Attempt): void {
    this.of(attempt.round).begun[attempt.attempt] = attempt;
  }

  /** The ledger has the releases of this attempt and of those before it. */
  charge(round: number, attempt: number): void {
    const own = this.of(round);
    own.charged = Math.max(own.charged, attempt + 1);
    own.begun.length = Math.max(own.begun.length, own.charged);
    // Their cohorts are not asked for again.
    own.begun.fill(undefined, 0, own.charged);
  }

  /** That round is over, and not done again. */
  forget(round: number): void {
    this.rounds.delete(round);
  }

  /** How many began: the number of the next one. */
  begun(round: number): number {
    return this.rounds.get(round)?.begun.length ?? 0;
  }

  charged(round: number): number {
    return this.rounds.get(round)?.charged ?? 0;
  }

  /** Those before `attempt` that nothing has charged. */
  uncharged(round: number, attempt: number): Attempt[] {
    const own = this.rounds.get(round);
    const list: Attempt[] = [];
    for (let i = this.charged(round); i < attempt; i++) list.push(own?.begun[i] ?? { round, attempt: i, cohort: null });
    return list;
  }

  /** All of later rounds: of a run that went back behind the round in which its process ended. */
  unchargedAfter(round: number): Attempt[] {
    const later = [...this.rounds.keys()].filter((other) => other > round).sort((a, b) => a - b);
    return later.flatMap((other) => this.uncharged(other, this.begun(other)));
  }

  recorded(): RoundAttempts[] {
    return [...this.rounds].map(([round, { begun, charged }]) => ({
      round,
      begun: Array.from(begun, (attempt, i) => attempt ?? { round, attempt: i, cohort: null }),
      charged,
    }));
  }

  private of(round: number): { readonly begun: (Attempt | undefined)[]; charged: number } {
    let own = this.rounds.get(round);
    if (!own) this.rounds.set(round, (own = { begun: [], charged: 0 }));
    return own;
  }
}

/**
 * Attempts of a run that did not record them, before round `from` is done (again): those in its ledger, and one at the round after its last
 * release, in which its process ended.
 */
export function attemptsOfLedger(
  entries: readonly { readonly round: number; readonly attempt: number }[],
  from: number,
): Attempts {
  const attempts = new Attempts();
  for (const { round, attempt } of entries) attempts.charge(round, attempt);
  const last = entries.reduce((latest, { round }) => Math.max(latest, round), from - 1);
  attempts.begin({ round: last + 1, attempt: 0, cohort: null });
  return attempts;
}
