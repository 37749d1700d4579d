import { z } from 'zod';
import { ERROR_CODES, type ErrorCode, GradswarmError } from '../../protocol/errors.js';
import type { ClientIndex, ReadonlyVector } from '../../protocol/method.js';
import type { Crew, CrewReport, Settlement } from '../../protocol/party/crew.js';
import { addBytes, noBytes } from '../../protocol/party/dispatch.js';
import { decodeState } from '../../protocol/party/state-codec.js';
import type { Done, Failed, Packed } from '../../protocol/wire/control-messages.js';
import type { RoundPlan } from '../../protocol/wire/seal.js';
import type { ControlServer } from './control-server.js';
import type { FrameRouter } from './frame-router.js';
import type { Member, Membership } from './membership.js';
import { WorkersLost } from './workers-lost.js';

interface Running {
  readonly plan: RoundPlan;
  readonly pending: Set<Member>;
  readonly reports: Map<Member, Done>;
  readonly resolve: (report: CrewReport) => void;
  readonly reject: (error: Error) => void;
}

interface Request {
  readonly pending: Set<Member>;
  readonly answers: Map<ClientIndex, Uint8Array>;
  readonly resolve: (answers: ReadonlyMap<ClientIndex, Uint8Array>) => void;
  readonly reject: (error: Error) => void;
}

/** All clients in worker processes: speaks to them over the control channel, and gets what they hold over the frame sockets. */
export class RemoteCrew implements Crew {
  /** How often each fault rule acted in worker processes. */
  readonly firings: number[] = [];
  private running: Running | null = null;
  private readonly requests = new Map<number, Request>();
  private nextRequest = 1;
  private aliveAt = 0;
  private readonly stallTimer: NodeJS.Timeout;

  constructor(
    private readonly membership: Membership,
    private readonly control: ControlServer,
    private readonly router: FrameRouter,
    private readonly options: {
      readonly stallMs: number;
      /** Waits of the coordinator's own half. */
      readonly ownWaits: () => readonly string[];
    },
  ) {
    this.alive();
    this.stallTimer = setInterval(() => this.checkStall(), Math.max(100, Math.min(1000, options.stallMs / 4)));
    this.stallTimer.unref();
  }

  begin(plan: RoundPlan): Promise<CrewReport> {
    this.alive();
    const away = new Set(plan.absent.map(({ from }) => from));
    const members = new Set<Member>();
    const gone: ClientIndex[] = [];
    for (const client of plan.cohort) {
      if (away.has(client)) continue;
      const member = this.membership.host(client);
      if (!member || member.lost) gone.push(client);
      else members.add(member);
    }
    // A client that has to forget may have no part in this round.
    for (const client of plan.forgotten) {
      const member = this.membership.host(client);
      if (member && !member.lost) members.add(member);
    }
    if (gone.length > 0) return Promise.reject(this.lostError(gone));
    return new Promise((resolve, reject) => {
      this.running = { plan, pending: members, reports: new Map(), resolve, reject };
      for (const member of members) this.control.notify(member, 'begin', plan);
      this.finishIfComplete();
    });
  }

  abort(plan: RoundPlan): void {
    this.notifyAll('abort', { index: plan.index, attempt: plan.attempt, clients: null });
    this.running?.reject(new GradswarmError('ERR_STOPPED', `round ${plan.index}: the attempt was given up`));
    this.running = null;
  }

  /** The coordinator's half is done without these clients: their rounds are void and nobody waits for them. */
  conclude(plan: RoundPlan, voided: readonly ClientIndex[]): void {
    const { running } = this;
    if (!running || voided.length === 0) return;
    this.notifyAll('abort', { index: plan.index, attempt: plan.attempt, clients: [...voided] });
    const late = new Set(voided);
    const away = new Set(plan.absent.map(({ from }) => from));
    for (const member of [...running.pending]) {
      const hosted = plan.cohort.filter((client) => !away.has(client) && this.membership.host(client) === member);
      if (hosted.every((client) => late.has(client))) running.pending.delete(member);
    }
    this.finishIfComplete();
  }

  settle(settlement: Settlement, cohort: readonly ClientIndex[]): void {
    this.notifyAll('settle', { ...settlement, cohort });
  }

  async estimates(): Promise<ReadonlyMap<ClientIndex, readonly ReadonlyVector[]>> {
    const answers = await this.request('estimates', 'all');
    return new Map(
      [...answers].map(([client, bytes]) => [
        client,
        decodeState(bytes, `estimates of client ${client}`) as readonly ReadonlyVector[],
      ]),
    );
  }

  records(clients: readonly ClientIndex[] | 'all'): Promise<ReadonlyMap<ClientIndex, Uint8Array>> {
    return this.request('records', clients);
  }

  async restore(records: ReadonlyMap<ClientIndex, Uint8Array>): Promise<void> {
    await this.asked((request) => {
      for (const [client, data] of records) {
        const member = this.membership.host(client);
        if (member) this.router.notify(member, { type: 'restore', client, data: data as Uint8Array<ArrayBuffer> });
      }
      for (const member of this.membership.present()) this.router.notify(member, { type: 'restored-all', request });
    });
  }

  async waits(): Promise<readonly string[]> {
    const answers = await Promise.all(
      this.membership.present().map(async (member) => {
        try {
          return await this.control.ask(member, 'waits', {}, z.array(z.string()), 2000);
        } catch {
          return [`${member.id} does not answer`];
        }
      }),
    );
    return answers.flat();
  }

  async close(): Promise<void> {
    clearInterval(this.stallTimer);
    for (const request of this.requests.values()) request.reject(new GradswarmError('ERR_STOPPED', 'the run is over'));
    await this.control.close();
    this.router.close();
  }

  alive(): void {
    this.aliveAt = performance.now();
  }

  done(member: Member, message: Done): void {
    this.alive();
    for (const [rule, count] of message.firings.entries()) this.firings[rule] = (this.firings[rule] ?? 0) + count;
    const { running } = this;
    if (!running || !this.isCurrent(message) || !running.pending.delete(member)) return;
    running.reports.set(member, message);
    this.finishIfComplete();
  }

  failed(member: Member, message: Failed): void {
    if (!this.running || !this.isCurrent(message)) return;
    const code = (Object.hasOwn(ERROR_CODES, message.code) ? message.code : 'ERR_HALF_FAILED') as ErrorCode;
    this.fail(new GradswarmError(code, `${message.message} (on ${member.id})`));
  }

  lost(member: Member, reason: string): void {
    const waitsForIt =
      this.running?.pending.has(member) || [...this.requests.values()].some(({ pending }) => pending.has(member));
    if (!waitsForIt) return;
    const error = this.lostError(member.clients, `${member.id} (${member.name}) was lost: ${reason}`);
    for (const [id, request] of this.requests)
      if (request.pending.has(member)) {
        this.requests.delete(id);
        request.reject(error);
      }
    if (this.running?.pending.has(member)) this.fail(error);
  }

  answer(member: Member, message: Packed): void {
    if (message.type === 'collected') {
      const request = this.requests.get(message.request);
      // The message's bytes may be part of a larger buffer that will be used again.
      if (request?.pending.has(member)) request.answers.set(message.client, Uint8Array.from(message.data));
    } else if (message.type === 'collected-all' || message.type === 'restored-all') {
      const request = this.requests.get(message.request);
      if (!request?.pending.delete(member) || request.pending.size > 0) return;
      this.requests.delete(message.request);
      request.resolve(new Map([...request.answers].sort(([a], [b]) => a - b)));
    }
  }

  private request(
    what: 'estimates' | 'records',
    clients: readonly ClientIndex[] | 'all',
  ): Promise<ReadonlyMap<ClientIndex, Uint8Array>> {
    return this.asked((request) => this.notifyAll('collect', { request, what, clients }));
  }

  private asked(ask: (request: number) => void): Promise<ReadonlyMap<ClientIndex, Uint8Array>> {
    const id = this.nextRequest++;
    const pending = new Set(this.membership.present());
    if (pending.size === 0) return Promise.resolve(new Map());
    return new Promise((resolve, reject) => {
      this.requests.set(id, { pending, answers: new Map(), resolve, reject });
      ask(id);
    });
  }

  private notifyAll(event: string, message: unknown): void {
    for (const member of this.membership.present()) this.control.notify(member, event, message);
  }

  private isCurrent({ index, attempt }: { readonly index: number; readonly attempt: number }): boolean {
    return this.running?.plan.index === index && this.running.plan.attempt === attempt;
  }

  private finishIfComplete(): void {
    const { running } = this;
    if (!running || running.pending.size > 0) return;
    this.running = null;
    const bytes = noBytes();
    const reports = [...running.reports.values()];
    for (const report of reports) addBytes(bytes, report.bytes);
    running.resolve({
      parties: reports
        .flatMap(({ parties }) => parties as CrewReport['parties'])
        .sort((a, b) => (a.party as number) - (b.party as number)),
      absences: reports.flatMap(({ absences }) => absences),
      bytes,
      tensorCounts: this.membership.all().map((member) => running.reports.get(member)?.tensorCounts[0] ?? -1),
    });
  }

  private fail(error: Error): void {
    const { running } = this;
    if (!running) return;
    this.running = null;
    this.notifyAll('abort', { index: running.plan.index, attempt: running.plan.attempt, clients: null });
    running.reject(error);
  }

  private lostError(clients: readonly ClientIndex[], what = 'their worker is gone'): WorkersLost {
    return new WorkersLost(clients, `${what}; it hosted ${clients.length} clients`);
  }

  /** Nothing moved for too long: says who waits for what, and gives the round up. */
  private checkStall(): void {
    if (!this.running || performance.now() - this.aliveAt < this.options.stallMs) return;
    const { plan } = this.running;
    this.alive();
    void this.waits().then((waits) => {
      if (this.running?.plan !== plan) return;
      const all = [...this.options.ownWaits(), ...waits].slice(0, 6).join('; ');
      this.fail(
        new GradswarmError(
          'ERR_STALLED',
          `round ${plan.index}: nothing moved for workers.stallMs = ${this.options.stallMs} ms: ${all}`,
        ),
      );
    });
  }
}
