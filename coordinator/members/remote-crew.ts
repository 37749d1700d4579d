import { ERROR_CODES, type ErrorCode, GradswarmError } from '../../protocol/errors.js';
import type { ClientIndex, PartyId, ReadonlyVector } from '../../protocol/method.js';
import type { Crew, CrewReport, Settlement, Trip } from '../../protocol/party/crew.js';
import { addBytes, noBytes } from '../../protocol/party/dispatch.js';
import { decodeRecord } from '../../protocol/party/record.js';
import { decodeState } from '../../protocol/party/state-codec.js';
import type { Done, Failed, Packed } from '../../protocol/wire/control-messages.js';
import type { RoundPlan } from '../../protocol/wire/seal.js';
import type { FrameRouter } from './frame-router.js';
import type { MemberLines } from './member-lines.js';
import { type AnswerCheck, MemberRequests } from './member-requests.js';
import type { Member, Membership } from './membership.js';
import { RoundTally } from './round-tally.js';
import type { WorkerId } from './seats.js';
import { TaskCalls } from './task-calls.js';
import { WorkersLost } from './workers-lost.js';

/** For a member to say what it waits for. */
const WAITS_MS = 2000;

interface Running {
  readonly plan: RoundPlan;
  readonly tally: RoundTally<Done>;
  readonly resolve: (report: CrewReport) => void;
  readonly reject: (error: Error) => void;
  /** Stops the coordinator's half, which may wait for what a lost worker had sent. */
  readonly stop: (error: Error) => void;
  reported: boolean;
}

interface MemberWaits {
  readonly member: Member;
  readonly waits: readonly string[];
  readonly computing: boolean;
}

export interface CrewOptions {
  readonly epoch: number;
  /** Numbers of a client's estimate. */
  readonly estimateLength: number;
  readonly stallMs: number;
  readonly computeMs: number;
  /** Numbers of requests, never the same twice in a process. */
  readonly nextRequest: () => number;
  /** A worker does not answer, or sent what no worker sends. */
  readonly disconnect: (member: Member, why: string) => void;
  /** Waits of the coordinator's own half, and whether it computes. */
  readonly own: () => { readonly waits: readonly string[]; readonly computing: boolean };
}

/**
 * All clients in worker processes, in one epoch: sends requests over the control channel and receives records over the frame
 * sockets. When the epoch is abandoned its pending requests fail.
 */
export class RemoteCrew implements Crew {
  /** How often each fault rule acted in worker processes. */
  readonly firings: number[] = [];
  /** From `begin` to `settle`. */
  private running: Running | null = null;
  private readonly requests: MemberRequests;
  private readonly tasks = new TaskCalls();
  private aliveMs = 0;
  private over: GradswarmError | null = null;
  private readonly stallTimer: NodeJS.Timeout;

  constructor(
    private readonly membership: Membership,
    private readonly lines: Pick<MemberLines, 'notify' | 'waits'>,
    private readonly router: FrameRouter,
    private readonly options: CrewOptions,
  ) {
    this.requests = new MemberRequests({
      membership,
      nextRequest: options.nextRequest,
      lastMessageMs: () => this.aliveMs,
    });
    this.alive();
    this.stallTimer = setInterval(() => this.checkStall(), Math.max(100, Math.min(1000, options.stallMs / 4)));
    this.stallTimer.unref();
  }

  begin(plan: RoundPlan, stop: (error: Error) => void = () => {}): Promise<CrewReport> {
    if (this.over) return Promise.reject(this.over);
    this.alive();
    const away = new Set(plan.absent.map(({ from }) => from));
    const members = new Set<Member>();
    const missing: ClientIndex[] = [];
    for (const client of plan.cohort) {
      if (away.has(client)) continue;
      const member = this.membership.host(client);
      if (!member || member.lost) missing.push(client);
      else members.add(member);
    }
    // A client that has to forget may have no part in this round.
    for (const client of plan.forgotten) {
      const member = this.membership.host(client);
      if (member && !member.lost) members.add(member);
    }
    if (missing.length > 0) return Promise.reject(this.lostError(missing));
    const tally = new RoundTally<Done>(
      { epoch: this.options.epoch, index: plan.index, attempt: plan.attempt },
      [...members].map(({ worker, generation }) => [worker, generation] as const),
    );
    return new Promise((resolve, reject) => {
      this.running = { plan, tally, resolve, reject, stop, reported: false };
      for (const member of members) this.lines.notify(member, 'begin', plan);
      this.finishIfComplete();
    });
  }

  startTask(plan: RoundPlan): Promise<CrewReport> {
    if (this.over) return Promise.reject(this.over);
    this.alive();
    const member = this.membership.host(plan.cohort[0]!);
    if (!member || member.lost) return Promise.reject(this.lostError(plan.cohort));
    const report = this.tasks.begin(plan, member);
    this.lines.notify(member, 'begin', plan);
    return report;
  }

  abort(plan: RoundPlan): void {
    this.notifyAll('abort', { index: plan.index, attempt: plan.attempt, clients: null });
    this.running?.reject(new GradswarmError('ERR_STOPPED', `round ${plan.index}: the attempt was abandoned`));
    this.running = null;
  }

  /** The coordinator's half is done without these clients: their rounds are void and no party waits for them. */
  conclude(plan: RoundPlan, voided: readonly ClientIndex[]): void {
    const { running } = this;
    if (!running || running.reported || voided.length === 0) return;
    this.notifyAll('abort', { index: plan.index, attempt: plan.attempt, clients: [...voided] });
    const late = new Set(voided);
    const away = new Set(plan.absent.map(({ from }) => from));
    for (const worker of running.tally.awaited) {
      const hosted = plan.cohort.filter(
        (client) => !away.has(client) && this.membership.host(client)?.worker === worker,
      );
      if (hosted.every((client) => late.has(client))) running.tally.release(worker);
    }
    this.finishIfComplete();
  }

  settle(settlement: Settlement, cohort: readonly ClientIndex[]): void {
    this.running = null;
    this.notifyAll('settle', { ...settlement, cohort });
  }

  trips(plan: RoundPlan): ReadonlyMap<ClientIndex, Trip> {
    return this.router.trips.of(plan);
  }

  async estimates(): Promise<ReadonlyMap<ClientIndex, readonly ReadonlyVector[]>> {
    const answers = await this.request('estimates', 'all');
    return new Map([...answers].map(([client, bytes]) => [client, this.estimatesIn(client, bytes)]));
  }

  records(clients: readonly ClientIndex[] | 'all', quietMs?: number): Promise<ReadonlyMap<ClientIndex, Uint8Array>> {
    return this.request('records', clients, quietMs);
  }

  refuse(sender: PartyId, why: string): boolean {
    const member = sender === 'coordinator' ? undefined : this.membership.host(sender);
    if (!member || member.lost) return false;
    this.options.disconnect(member, why);
    return true;
  }

  lostClients(): readonly ClientIndex[] {
    return this.membership.seated().flatMap(({ lost, clients }) => (lost ? clients : []));
  }

  async restore(records: ReadonlyMap<ClientIndex, Uint8Array>): Promise<void> {
    await this.asked((request) => {
      for (const [client, data] of records) {
        const member = this.membership.host(client);
        if (member && !member.lost)
          this.router.notify(member, { type: 'restore', client, data: data as Uint8Array<ArrayBuffer> });
      }
      for (const member of this.membership.present()) this.router.notify(member, { type: 'restored-all', request });
    });
  }

  async waits(): Promise<readonly string[]> {
    return (await this.asksWaits()).flatMap(({ waits }) => waits);
  }

  async close(): Promise<void> {
    this.abandon(new GradswarmError('ERR_STOPPED', 'the run is over'));
  }

  /** The epoch is over: pending and later requests fail with `error`. */
  abandon(error: GradswarmError): void {
    if (this.over) return;
    this.over = error;
    clearInterval(this.stallTimer);
    this.requests.fail(error);
    this.tasks.fail(error);
    this.fail(error);
  }

  alive(): void {
    this.aliveMs = performance.now();
  }

  done(worker: WorkerId, message: Done): void {
    this.alive();
    const { running } = this;
    if (message.epoch !== this.options.epoch) return;
    for (const [rule, count] of message.firings.entries()) this.firings[rule] = (this.firings[rule] ?? 0) + count;
    if (this.tasks.done(worker, message)) return;
    if (running?.tally.accept(worker, message, message)) this.finishIfComplete();
  }

  failed(worker: WorkerId, message: Failed): void {
    const isTask = message.epoch === this.options.epoch && this.tasks.awaits(worker, message);
    if (!isTask && !this.running?.tally.expects(worker, message)) return;
    const error = new GradswarmError(codeOf(message.code), `${message.message} (on ${this.membership.of(worker)?.id})`);
    if (isTask) this.tasks.fail(error);
    else this.fail(error);
  }

  /** The member's clients are absent from now on. */
  lost(member: Member, reason: string): void {
    const { running } = this;
    // A report may have come before the messages that it is about.
    const inRound =
      running !== null && (running.tally.awaits(member.worker) || running.tally.reports.has(member.worker));
    const inTask = this.tasks.hosts(member);
    const waitsForIt = inRound || inTask || this.requests.awaits(member);
    if (!waitsForIt) return;
    const error = this.lostError(member.clients, `${member.id} (${member.name}) was lost: ${reason}`);
    this.requests.lose(member, error);
    if (inTask) this.tasks.fail(error);
    if (inRound) this.fail(error);
  }

  /** Throws ERR_PROTOCOL or ERR_STATE when the member answers for another, or with what is no answer. */
  answer(member: Member, message: Packed): void {
    this.alive();
    this.requests.answer(member, message);
  }

  private request(
    what: 'estimates' | 'records',
    clients: readonly ClientIndex[] | 'all',
    quietMs?: number,
  ): Promise<ReadonlyMap<ClientIndex, Uint8Array>> {
    const check = what === 'records' ? decodeRecord : this.estimatesIn;
    return this.asked((request) => this.notifyAll('collect', { request, what, clients }), check, quietMs);
  }

  private asked(
    ask: (request: number) => void,
    check?: AnswerCheck,
    quietMs?: number,
  ): Promise<ReadonlyMap<ClientIndex, Uint8Array>> {
    if (this.over) return Promise.reject(this.over);
    this.alive();
    return this.requests.ask(ask, check, quietMs);
  }

  /** The estimates that a client has, which may be none. Throws ERR_STATE. */
  private readonly estimatesIn = (client: ClientIndex, bytes: Uint8Array): readonly ReadonlyVector[] => {
    const { estimateLength } = this.options;
    const what = `estimates of client ${client}`;
    const estimates = decodeState(bytes, what);
    const isEstimate = (each: unknown): boolean =>
      (each instanceof Float64Array || each instanceof Float32Array) && each.length === estimateLength;
    if (Array.isArray(estimates) && estimates.every(isEstimate)) return estimates as readonly ReadonlyVector[];
    throw new GradswarmError('ERR_STATE', `${what}: expected vectors of ${estimateLength} numbers, got other data`);
  };

  private notifyAll(event: string, message: unknown): void {
    for (const member of this.membership.present()) this.lines.notify(member, event, message);
  }

  private finishIfComplete(): void {
    const { running } = this;
    if (!running?.tally.complete || running.reported) return;
    running.reported = true;
    const bytes = noBytes();
    const reports = [...running.tally.reports.values()];
    for (const report of reports) addBytes(bytes, report.bytes);
    running.resolve({
      parties: reports
        .flatMap(({ parties }) => parties as CrewReport['parties'])
        .sort((a, b) => (a.party as number) - (b.party as number)),
      absences: reports.flatMap(({ absences }) => absences),
      bytes,
      tensorCounts: this.membership
        .seated()
        .map(({ worker }) => running.tally.reports.get(worker)?.tensorCounts[0] ?? -1),
    });
  }

  private fail(error: Error): void {
    const { running } = this;
    if (!running) return;
    this.running = null;
    this.notifyAll('abort', { index: running.plan.index, attempt: running.plan.attempt, clients: null });
    running.reject(error);
    running.stop(error);
  }

  private lostError(clients: readonly ClientIndex[], what = 'their worker was lost'): WorkersLost {
    return new WorkersLost(clients, `${what}; it hosted ${clients.length} clients`);
  }

  /** Workers that do not answer compute or are disconnected: the heartbeat decides which. */
  private async asksWaits(): Promise<readonly MemberWaits[]> {
    return Promise.all(
      this.membership.present().map(async (member) => {
        try {
          return { member, ...(await this.lines.waits(member, WAITS_MS)) };
        } catch {
          return { member, waits: [`${member.id} does not answer`], computing: true };
        }
      }),
    );
  }

  /** Members that left what they were sent unread for as long as a round may wait for them. Are there any? */
  private dropUnread(answers: readonly MemberWaits[], stalledMs: number): boolean {
    const { stallMs, computeMs, disconnect } = this.options;
    const unread = answers.filter(
      // One whose thread computes may read later.
      ({ member, computing }) => Math.min(stalledMs, this.router.unreadMs(member)) >= (computing ? computeMs : stallMs),
    );
    if (unread.length > 0) this.alive();
    for (const { member } of unread) disconnect(member, 'it does not read what it is sent');
    return unread.length > 0;
  }

  /** Requests between rounds are answered at once, unless a worker still computes for a round that continued without it. */
  private checkRequests(): void {
    const { computeMs } = this.options;
    if (performance.now() - this.aliveMs < computeMs) return;
    for (const member of this.requests.awaited())
      this.options.disconnect(member, `no answer within workers.computeMs = ${computeMs} ms`);
  }

  /** No progress for too long: fails the round with a list of who waits for what. A half that computes is given time. */
  private checkStall(): void {
    const { stallMs, computeMs, own } = this.options;
    this.checkRequests();
    this.router.watchUnread();
    if (performance.now() - this.aliveMs >= this.options.computeMs) this.tasks.stall(this.options.computeMs);
    if (!this.running || performance.now() - this.aliveMs < stallMs) return;
    const { plan } = this.running;
    const { aliveMs } = this;
    void this.asksWaits().then((answers) => {
      if (this.running?.plan !== plan || this.aliveMs !== aliveMs) return;
      if (this.dropUnread(answers, performance.now() - aliveMs)) return;
      const all = [own(), ...answers];
      const computing = all.some((one) => one.computing);
      const [limit, name] = computing ? [computeMs, 'workers.computeMs'] : [stallMs, 'workers.stallMs'];
      if (performance.now() - aliveMs < limit) return;
      const waits = all.flatMap((one) => one.waits);
      this.fail(
        new GradswarmError(
          'ERR_STALLED',
          `round ${plan.index}: nothing moved for ${name} = ${limit} ms: ${waits.slice(0, 6).join('; ')}`,
        ),
      );
    });
  }
}

/** What only the coordinator decides; a worker cannot end a run with it. */
const OWN_CODES: readonly string[] = ['ERR_BUDGET', 'ERR_STOPPED', 'ERR_WORKER_LOST'] satisfies readonly ErrorCode[];

function codeOf(code: string): ErrorCode {
  return Object.hasOwn(ERROR_CODES, code) && !OWN_CODES.includes(code) ? (code as ErrorCode) : 'ERR_HALF_FAILED';
}
