import type { ClientIndex } from '../../protocol/method.js';
import type { RoundPlan } from '../../protocol/wire/seal.js';

/**
 * Which peers return from absence. A peer's round begins when its own last one ended, without a coordinator whose messages would bring
 * the time with them; so one that was away is given the run's time, or it would compute and wait in the time of its absence.
 */
export class Returns {
  private away: readonly ClientIndex[] = [];

  constructor(private readonly arePeers: boolean) {}

  /** What a plan says of them, at this simulated time; nothing where none returns. */
  of({ cohort, absent }: Pick<RoundPlan, 'cohort' | 'absent'>, atMs: number): Pick<RoundPlan, 'returned'> {
    if (this.away.length === 0) return {};
    const stillAway = new Set(absent.map(({ from }) => from));
    const clients = this.away.filter((client) => cohort.includes(client) && !stillAway.has(client));
    return clients.length > 0 ? { returned: { clients, atMs } } : {};
  }

  /** The round is done. */
  done({ absent }: Pick<RoundPlan, 'absent'>): void {
    if (this.arePeers) this.away = absent.map(({ from }) => from);
  }

  get state(): { readonly away?: readonly ClientIndex[] } {
    return this.away.length > 0 ? { away: this.away } : {};
  }

  restore(away: readonly ClientIndex[] = []): void {
    this.away = away;
  }
}
