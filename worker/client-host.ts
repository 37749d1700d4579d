import { causeOf, GradswarmError } from '../protocol/errors.js';
import type { ClientIndex, ReadonlyVector } from '../protocol/method.js';
import type { CrewReport, Settlement } from '../protocol/party/crew.js';
import { noBytes } from '../protocol/party/dispatch.js';
import type { PartyReport } from '../protocol/party/party-report.js';
import { decodeRecord, encodeRecord } from '../protocol/party/record.js';
import type { RunSite } from '../protocol/party/run-site.js';
import type { RoundPlan } from '../protocol/wire/seal.js';

/** The clients of this process. */
export class ClientHost {
  private hosted: { has(client: ClientIndex): boolean } = new Set<ClientIndex>();

  constructor(
    private readonly site: RunSite,
    private readonly tensorCount: () => number,
  ) {}

  /** Adds clients to this process. */
  host(clients: readonly ClientIndex[]): void {
    this.hosted = new Set(clients);
    for (const client of clients) this.site.register(client);
  }

  /** All clients of the run are hosted here. No cost per client: a large run never uses most of them. */
  hostAll(): void {
    const { clientCount } = this.site.host;
    this.hosted = { has: (client) => client < clientCount };
    this.site.registerAll();
  }

  /** Clients stopped in the running attempt: no other party waits for them. */
  private stopped = new Map<ClientIndex, () => void>();
  private attempt: RoundPlan | null = null;

  /** Runs the halves of the cohort's clients in this process. When one fails, the others are stopped and its error is thrown. */
  async begin(plan: RoundPlan): Promise<CrewReport> {
    this.attempt = plan;
    for (const client of plan.forgotten) if (this.hosted.has(client)) this.site.forget(client);
    const absent = new Set(plan.absent.map(({ from }) => from));
    const members = plan.cohort.filter((client) => this.hosted.has(client) && !absent.has(client));
    const running = new Set(members);
    this.site.office.skipOthers(running, plan.index);
    const parties = members.map((client) => this.site.party(client));
    let failure: unknown = null;
    const reports: (PartyReport | null)[] = new Array(parties.length).fill(null);
    this.stopped = new Map();
    await Promise.all(
      parties.map(async (party, i) => {
        try {
          const report = await new Promise<PartyReport | null>((resolve, reject) => {
            this.stopped.set(members[i]!, () => resolve(null));
            party.run(plan).then(resolve, reject);
          });
          if (report) reports[i] = report;
        } catch (error) {
          if (error instanceof GradswarmError && error.code === 'ERR_STOPPED') return;
          failure = causeOf(failure, error);
          this.site.office.revokeAll(
            plan,
            new GradswarmError('ERR_STOPPED', `round ${plan.index}: another half failed`),
          );
        }
      }),
    );
    if (failure) throw failure;
    // An attempt that was abandoned may end when the next has begun: what was counted since is the next one's.
    const isOver = this.attempt !== plan;
    return {
      parties: reports.filter((report) => report !== null),
      absences: isOver ? [] : this.site.host.takeAbsences(),
      bytes: isOver ? noBytes() : this.site.takeBytes(),
      tensorCounts: [this.tensorCount()],
    };
  }

  /** One task of one client of this process. Others run beside it, so nothing is counted by process. */
  async task(plan: RoundPlan): Promise<CrewReport> {
    const client = plan.cohort[0]!;
    const report = await this.site.party(client).run(plan);
    const absences = this.site.host.takeAbsencesOf(client);
    return { parties: [report], absences, bytes: noBytes(), tensorCounts: [this.tensorCount()] };
  }

  /** The attempt is over for these clients (null: for all): their halves fail at their next post or take. */
  stop(attempt: { readonly index: number; readonly attempt: number }, clients: readonly ClientIndex[] | null): void {
    const error = new GradswarmError('ERR_STOPPED', `round ${attempt.index}: the round continued without this client`);
    this.site.office.revokeAll(attempt, error, clients);
    for (const client of clients ?? this.stopped.keys()) this.stopped.get(client)?.();
  }

  settle({ abandoned, voided, undelivered }: Settlement, cohort: readonly ClientIndex[]): void {
    if (abandoned) {
      this.site.takeBytes();
      this.site.host.takeAbsences();
    }
    const none = new Set(voided);
    const lost = new Map(undelivered.map(({ client, posts }) => [client, posts]));
    for (const client of cohort) {
      if (!this.hosted.has(client)) continue;
      const party = this.site.parties.get(client);
      if (abandoned || none.has(client)) party?.abandon(abandoned);
      else party?.commit(lost.get(client) ?? []);
    }
  }

  estimates(): ReadonlyMap<ClientIndex, readonly ReadonlyVector[]> {
    const estimates = new Map<ClientIndex, readonly ReadonlyVector[]>();
    // Ascending, also where a client was made again after others: their mean has the same bits in every placement.
    const clients = [...this.site.parties.keys()].filter((party) => party !== 'coordinator');
    for (const id of clients.sort((a, b) => a - b)) {
      const vectors = this.site.host.halfOf(id).estimates?.(this.site.parties.get(id)!.record.state as object);
      if (vectors) estimates.set(id, vectors);
    }
    return estimates;
  }

  records(clients: readonly ClientIndex[] | 'all'): ReadonlyMap<ClientIndex, Uint8Array> {
    const seen = [...this.site.parties.keys()].filter((party) => party !== 'coordinator');
    const wanted = (clients === 'all' ? seen : [...clients]).filter((client) => this.hosted.has(client));
    const records = new Map<ClientIndex, Uint8Array>();
    for (const client of wanted.sort((a, b) => a - b)) {
      const party = this.site.parties.get(client);
      if (party) records.set(client, encodeRecord(client, party.record));
    }
    return records;
  }

  restore(records: ReadonlyMap<ClientIndex, Uint8Array>): void {
    for (const [client, bytes] of records)
      if (this.hosted.has(client)) this.site.restore(client, decodeRecord(client, bytes));
  }
}
