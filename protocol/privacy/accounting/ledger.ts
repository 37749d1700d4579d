import { GradswarmError } from '../../errors.js';
import type { ClientIndex, PartyId } from '../../method.js';
import {
  type AccountingOptions,
  composedEpsilon,
  type GaussianReleases,
  releaseRdp,
  type Spend,
} from './accountant.js';
import { checkRelease, type LedgerEntry } from './ledger-entry.js';
import { tightestSpend } from './proven-bounds.js';

/** Equal releases counted together, by party. */
type Groups = Map<PartyId, Map<string, GaussianReleases>>;

export interface LedgerSpend extends Spend {
  /** The client that has lost most; 'coordinator' when all are equal because no client released anything by itself. */
  readonly party: PartyId;
}

/** How a ledger is accounted. `accountant`: in place of `method`, the least of all bounds, or the loss distribution's alone. */
export interface LedgerAccounting extends AccountingOptions {
  readonly accountant?: 'tightest' | 'loss-distribution';
}

/**
 * All releases of a run. Composition is sequential for the releases one record can be in, and parallel over clients, whose
 * data are disjoint: a client is charged the coordinator's releases and its own, and the worst client counts.
 */
export class Ledger {
  private readonly list: LedgerEntry[] = [];
  private readonly groups: Groups = new Map();
  private readonly seededReleases = new Map<string, string>();
  private readonly rdpMemory = new WeakMap<readonly number[], Map<string, Float64Array>>();
  private seeded = false;

  constructor(entries: readonly LedgerEntry[] = []) {
    for (const entry of entries) this.append(entry);
  }

  get entries(): readonly LedgerEntry[] {
    return this.list;
  }

  /** Those with releases of their own. */
  clients(): ClientIndex[] {
    return [...this.groups.keys()].filter((party) => party !== 'coordinator');
  }

  /** Kinds of releases: pairs of sampling and noise, for each party by itself. */
  get kindCount(): number {
    let count = 0;
    for (const own of this.groups.values()) count += own.size;
    return count;
  }

  /** Does some release use noise that its seed can regenerate? Then nothing is private, whatever epsilon is. */
  get hasSeededNoise(): boolean {
    return this.seeded;
  }

  /**
   * Charges one release; returns false if it did not: the same seeded noise on the same release of the same attempt, as after a
   * crash and resume, releases nothing new. ERR_PRIVACY when unit or adjacency differs from that of earlier entries.
   */
  append(entry: LedgerEntry): boolean {
    this.check(entry);
    if (this.isRepeated(entry)) return false;
    if (entry.noise === 'seeded') {
      this.seededReleases.set(placeOf(entry), contentOf(entry));
      this.seeded = true;
    }
    this.list.push(entry);
    addToGroups(this.groups, entry);
    return true;
  }

  private check(entry: LedgerEntry, first = this.list[0]): void {
    checkRelease(entry);
    if (first && (first.unit !== entry.unit || first.adjacency !== entry.adjacency))
      throw new GradswarmError(
        'ERR_PRIVACY',
        `release '${entry.label}': one ledger holds one unit and one adjacency; it has ${first.unit}, ${first.adjacency} ` +
          `(release '${first.label}'), got ${entry.unit}, ${entry.adjacency}`,
      );
  }

  private isRepeated(entry: LedgerEntry): boolean {
    return entry.noise === 'seeded' && this.seededReleases.get(placeOf(entry)) === contentOf(entry);
  }

  private groupsWith(further: readonly LedgerEntry[]): Groups {
    if (further.length === 0) return this.groups;
    const groups: Groups = new Map([...this.groups].map(([party, own]) => [party, new Map(own)]));
    for (const entry of further) {
      this.check(entry, this.list[0] ?? further[0]);
      if (!this.isRepeated(entry)) addToGroups(groups, entry);
    }
    return groups;
  }

  private rememberedRdp(...[orders, release]: Parameters<typeof releaseRdp>): Float64Array {
    let ofOrders = this.rdpMemory.get(orders);
    if (!ofOrders) {
      ofOrders = new Map();
      this.rdpMemory.set(orders, ofOrders);
    }
    const key = groupKey(release);
    let rdp = ofOrders.get(key);
    if (!rdp) {
      rdp = releaseRdp(orders, release);
      ofOrders.set(key, rdp);
    }
    return rdp;
  }

  /** What has been spent at `delta`, with `further` entries as if they were appended. */
  spend(delta: number, options: LedgerAccounting = {}, further: readonly LedgerEntry[] = []): LedgerSpend {
    const groups = this.groupsWith(further);
    const rdpOf: typeof releaseRdp = (orders, release) => this.rememberedRdp(orders, release);
    const shared = [...(groups.get('coordinator')?.values() ?? [])];
    let worst: LedgerSpend | undefined;
    const answered = new Set<string>();
    for (const [party, ownGroups] of groups) {
      if (party === 'coordinator') continue;
      // Clients that made the same releases have lost the same.
      const own = [...ownGroups.values()];
      const same = own.map((release) => `${groupKey(release)} ${release.count}`).join(';');
      if (answered.has(same)) continue;
      answered.add(same);
      const spend = spendOf([...shared, ...own], delta, { ...options, rdpOf });
      if (!worst || spend.epsilon > worst.epsilon) worst = { ...spend, party };
    }
    worst ??= { ...spendOf(shared, delta, { ...options, rdpOf }), party: 'coordinator' };
    return this.seeded || further.some(({ noise }) => noise === 'seeded')
      ? { ...worst, warnings: [...worst.warnings, 'NOT PRIVATE: some noise is seeded and can be regenerated'] }
      : worst;
  }

  /** Does the spend, with the `further` entries, stay within epsilon at delta? */
  isWithin(
    budget: { readonly epsilon: number; readonly delta: number },
    further: readonly LedgerEntry[] = [],
    options: LedgerAccounting = {},
  ): boolean {
    return this.spend(budget.delta, options, further).epsilon <= budget.epsilon;
  }
}

/** Of releases that one record is in. */
export function spendOf(
  releases: readonly GaussianReleases[],
  delta: number,
  { accountant, ...options }: LedgerAccounting,
): Spend {
  if (accountant === undefined) return composedEpsilon(releases, delta, options);
  return tightestSpend(releases, delta, accountant === 'tightest' ? options : { ...options, methods: [accountant] });
}

function groupKey({ sampling, noiseMultiplier, discrete }: Omit<GaussianReleases, 'count'>): string {
  return `${discrete === true ? 'discrete' : 'gaussian'} ${sampling} ${noiseMultiplier}`;
}

/** Where in a run a release is made; its noise, if seeded, is a function of this. */
function placeOf({ party, round, attempt, call }: LedgerEntry): string {
  return JSON.stringify([party, round, attempt, call]);
}

function contentOf({ label, mechanism, l2Sensitivities, noiseMultiplier, sampling, count }: LedgerEntry): string {
  return JSON.stringify([label, mechanism, l2Sensitivities.map(String), noiseMultiplier, sampling, count]);
}

function addToGroups(groups: Groups, entry: LedgerEntry): void {
  const { party, sampling, noiseMultiplier } = entry;
  const release = { sampling, noiseMultiplier, discrete: entry.mechanism === 'discrete-gaussian' };
  let own = groups.get(party);
  if (!own) {
    own = new Map();
    groups.set(party, own);
  }
  const key = groupKey(release);
  own.set(key, { ...release, count: (own.get(key)?.count ?? 0) + entry.count });
}
