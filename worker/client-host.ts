import { causeOf, GradswarmError } from '../protocol/errors.js';
import type { ClientIndex, ReadonlyVector } from '../protocol/method.js';
import type { CrewReport, Settlement } from '../protocol/party/crew.js';
import { noBytes } from '../protocol/party/dispatch.js';
import { KeptValues } from '../protocol/party/kept-values.js';
import type { PartyReport } from '../protocol/party/party-report.js';
import { decodeRecord, encodeRecord, isResting } from '../protocol/party/record.js';
import type { RunSite } from '../protocol/party/run-site.js';
import type { RoundPlan } from '../protocol/wire/seal.js';
import { HalvesInTurn } from './halves-in-turn.js';

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

  /** Of the newest attempt: its halves, and what stops one that has begun, so that no other party waits for it. */
  private running: {
    readonly members: readonly ClientIndex[];
    readonly halves: HalvesInTurn;
    readonly stops: readonly ((() => void) | null)[];
  } | null = null;
  private attempt: RoundPlan | null = null;

  /** Runs the halves of the cohort's clients in this process. When one fails, the others are stopped and its error is thrown. */
  async begin(plan: RoundPlan): Promise<CrewReport> {
    this.attempt = plan;
    for (const client of plan.forgotten) if (this.hosted.has(client)) this.site.forget(client);
    const absent = new Set(plan.absent.map(({ from }) => from));
    const members = plan.cohort.filter((client) => this.hosted.has(client) && !absent.has(client));
    const running = new Set(members);
    this.site.office.skipOthers(running, plan.index);
    let failure: unknown = null;
    const reports: (PartyReport | null)[] = new Array(members.length).fill(null);
    const stops: ((() => void) | null)[] = new Array(members.length).fill(null);
    const halves = new HalvesInTurn(this.site.office, members, async (i) => {
      try {
        reports[i] = await new Promise<PartyReport | null>((resolve, reject) => {
          stops[i] = () => resolve(null);
          this.site.party(members[i]!).run(plan).then(resolve, reject);
        });
      } catch (error) {
        if (error instanceof GradswarmError && error.code === 'ERR_STOPPED') return;
        failure = causeOf(failure, error);
        halves.drop(null);
        this.site.office.revokeAll(plan, new GradswarmError('ERR_STOPPED', `round ${plan.index}: another half failed`));
      } finally {
        stops[i] = null;
      }
    });
    this.running = { members, halves, stops };
    await halves.finished();
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
    if (!this.running) return;
    const { members, halves, stops } = this.running;
    halves.drop(clients);
    const concerned = clients && new Set(clients);
    for (const [i, client] of members.entries()) if (concerned?.has(client) ?? true) stops[i]?.();
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
      const party = this.site.partyAtHand(client);
      if (abandoned || none.has(client)) party?.abandon(abandoned);
      else party?.commit(lost.get(client) ?? []);
      this.site.rest(client);
    }
  }

  estimates(): ReadonlyMap<ClientIndex, readonly ReadonlyVector[]> {
    const estimates = new Map<ClientIndex, readonly ReadonlyVector[]>();
    // Ascending, also where a client was made again after others: their mean has the same bits in every placement.
    const { client } = this.site.host.halves;
    if (!client.estimates) return estimates;
    for (const id of this.site.clientsSeen()) {
      const vectors = client.estimates(this.site.recordOf(id)!.state as object);
      if (vectors) estimates.set(id, vectors);
    }
    return estimates;
  }

  records(clients: readonly ClientIndex[] | 'all'): ReadonlyMap<ClientIndex, Uint8Array> {
    const wanted = clients === 'all' ? this.site.clientsSeen() : [...clients].sort((a, b) => a - b);
    const records = new Map<ClientIndex, Uint8Array>();
    // Of clients that rest: bytes by clock. Where devices are alike a million clients share some.
    const resting = new KeptValues<number, Uint8Array>(1024);
    for (const client of wanted) {
      if (!this.hosted.has(client)) continue;
      const record = this.site.recordOf(client);
      if (!record) continue;
      const { clockMs } = record;
      const encoded = () => encodeRecord(client, record);
      records.set(client, isResting(record) ? (resting.get(clockMs) ?? resting.add(clockMs, encoded())) : encoded());
    }
    return records;
  }

  restore(records: ReadonlyMap<ClientIndex, Uint8Array>): void {
    for (const [client, bytes] of records)
      if (this.hosted.has(client)) this.site.restore(client, decodeRecord(client, bytes));
  }
}
