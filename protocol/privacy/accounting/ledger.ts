import { z } from 'zod';
import { GradswarmError } from '../../errors.js';
import type { PartyId } from '../../method.js';
import {
  type AccountingOptions,
  composedEpsilon,
  type GaussianReleases,
  releaseRdp,
  type Spend,
} from './accountant.js';
import { tightestSpend } from './proven-bounds.js';

/** One release as the ledger records it: plain data, part of a run's checkpoint. */
export interface LedgerEntry {
  readonly label: string;
  /** 'tree-aggregation': `count` nodes that one record touches, each a Gaussian release. */
  readonly mechanism: 'gaussian' | 'discrete-gaussian' | 'tree-aggregation';
  readonly adjacency: 'add-remove' | 'replace-one';
  readonly unit: 'example' | 'client';
  /** L2 sensitivity of each part. */
  readonly l2Sensitivities: readonly number[];
  /** Of all parts together: (sum of 1 / z_i^2)^(-1/2). */
  readonly noiseMultiplier: number;
  /** Poisson sampling probability of the unit. */
  readonly sampling: number;
  readonly count: number;
  readonly round: number;
  readonly attempt: number;
  /** How many releases this party made before in this attempt of the round. */
  readonly call: number;
  /** Whose data the release is about: all ('coordinator'), or one client's own. */
  readonly party: PartyId;
  readonly noise: 'secure' | 'seeded';
}

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

const probability = z.number('expected a number in [0, 1]').min(0).max(1);
const whole = z.number('expected a whole number').int().min(0);
/** Infinity is allowed: a part that is not bounded, or a release without information. */
const nonNegative = z.union(
  [z.number().min(0), z.literal(Number.POSITIVE_INFINITY)],
  'expected a number of at least 0',
);
/** One entry of a file or of a worker's report. */
export const ledgerEntry = z.strictObject({
  label: z.string().default('release'),
  mechanism: z.enum(['gaussian', 'discrete-gaussian', 'tree-aggregation']).default('gaussian'),
  adjacency: z.enum(['add-remove', 'replace-one']).default('add-remove'),
  unit: z.enum(['example', 'client']).default('example'),
  l2Sensitivities: z.array(nonNegative).default([]),
  noiseMultiplier: nonNegative,
  sampling: probability.default(1),
  count: whole.default(1),
  round: whole.default(0),
  attempt: whole.default(0),
  call: whole.default(0),
  party: z.union([z.literal('coordinator'), whole]).default('coordinator'),
  noise: z.enum(['secure', 'seeded']).default('secure'),
});

/** Short names that an entry may use, as the literature and the command line do. */
const SHORT_NAMES = { q: 'sampling', z: 'noiseMultiplier', steps: 'count' } as const;

/**
 * With full names, and a call of its own: entries of a file without their place in a run are different
 * releases, however equal they look.
 */
function completed(entry: unknown, index: number): unknown {
  if (entry === null || typeof entry !== 'object' || Array.isArray(entry)) return entry;
  const named: Record<string, unknown> = { call: index, ...entry };
  for (const [short, full] of Object.entries(SHORT_NAMES)) {
    if (named[short] === undefined || full in named) continue;
    named[full] = named[short];
    delete named[short];
  }
  return named;
}

/**
 * Entries from unknown data (a file, a checkpoint); all but the noise multiplier have defaults, and q, z and steps may stand
 * for sampling, noiseMultiplier and count. ERR_PRIVACY names the place of what is wrong.
 */
export function parseLedgerEntries(from: unknown): readonly LedgerEntry[] {
  const parsed = z.array(ledgerEntry).safeParse(Array.isArray(from) ? from.map(completed) : from);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw new GradswarmError(
    'ERR_PRIVACY',
    `ledger${issue!.path.map((key) => (typeof key === 'number' ? `[${key}]` : `.${String(key)}`)).join('')}: ${issue!.message}`,
  );
}

/** Refuses what no theorem here covers. */
export function checkRelease(
  entry: Pick<LedgerEntry, 'label' | 'adjacency' | 'sampling'> & Partial<Pick<LedgerEntry, 'mechanism'>>,
): void {
  if (entry.mechanism === 'tree-aggregation' && entry.sampling < 1)
    throw new GradswarmError(
      'ERR_PRIVACY',
      `release '${entry.label}': one coin decides over all nodes of a tree that a record is in, which no sampled Gaussian ` +
        `is; expected tree-aggregation with sampling 1, got ${entry.sampling}`,
    );
  if (entry.adjacency === 'replace-one' && entry.sampling < 1)
    throw new GradswarmError(
      'ERR_PRIVACY',
      `release '${entry.label}': the sampled Gaussian is proved for add-remove adjacency only, got replace-one with ` +
        `sampling ${entry.sampling}; use add-remove, or sampling 1`,
    );
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
