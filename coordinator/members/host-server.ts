import { nanoid } from 'nanoid';
import { GradswarmError } from '../../protocol/errors.js';
import { frameHold } from '../../protocol/links/link-buckets.js';
import type { PartyId } from '../../protocol/method.js';
import type { PostOffice } from '../../protocol/party/post-office.js';
import { processSockets } from '../../protocol/sockets/process-sockets.js';
import type { Listener } from '../../protocol/sockets/sockets.js';
import { hasOwnFrames } from '../../protocol/sockets/watched-socket.js';
import type * as control from '../../protocol/wire/control-messages.js';
import { hasOtherLengths, layoutsOf } from '../../protocol/wire/layout.js';
import {
  maxBodyBytes,
  maxControlBytes,
  maxKeptBytes,
  maxPackedBytes,
  maxPackedValues,
} from '../../protocol/wire/limits.js';
import type { MetricsRow } from '../run-directory/metrics.js';
import { ControlServer } from './control-server.js';
import { FrameRouter } from './frame-router.js';
import type { HostServerOptions } from './host-options.js';
import { joinUrl, localUrl } from './listening-url.js';
import { MemberLines } from './member-lines.js';
import { Membership } from './membership.js';
import { Preparation } from './preparation.js';
import { RemoteCrew } from './remote-crew.js';
import { checkReport } from './report-check.js';
import { serveArchive } from './run-archive.js';
import { seatTable } from './seat-table.js';
import type { Ending, SeatAction, SeatEvent, WithoutTime, WorkerId } from './seats.js';
import { EpochAbandoned } from './workers-lost.js';

const TICK_MS = 100;

/** Observers are sent the seats each time that so many ticks have passed. */
const TICKS_PER_TABLE = 10;

/** A tick that comes later than this was delayed by this process: no worker is considered silent. */
const LATE_MS = 1000;

/** One port for everything: socket.io for control and, beside it, the frame sockets. Performs what the seats decide. */
export class HostServer {
  readonly router: FrameRouter;
  private readonly membership: Membership;
  private readonly control: ControlServer;
  private readonly lines: MemberLines;
  /** Of the processes as which workers identified themselves. */
  private readonly pids = new Map<number, WorkerId>();
  /** Workers that take repeats, by their last hello. */
  private readonly takingRepeats = new Set<WorkerId>();
  private readonly ticker: NodeJS.Timeout;
  private readonly dismissals: Promise<void>[] = [];
  private crew: RemoteCrew | null = null;
  private preparation: Preparation | null = null;
  private requests = 0;
  private tickedMs = performance.now();
  private ticks = 0;
  /** The last loss, in words. */
  private loss: string | null = null;
  private ended: GradswarmError | null = null;
  private waiting: { resolve(crew: RemoteCrew): void; reject(error: Error): void } | null = null;
  private half: { waits(): readonly string[]; readonly isComputing: boolean } | null = null;

  private constructor(
    private readonly sockets: Listener,
    /** Of this thread: frame sockets of local workers. Null: `sockets` has them all. */
    private readonly own: Listener | null,
    /** What workers and observers must know. */
    readonly token: string,
    private readonly options: HostServerOptions,
  ) {
    const { scenario, method, epoch, fromRound } = options;
    const { heartbeatMs, joinTimeoutMs, onLoss, count } = scenario.workers;
    const size = {
      parameterCount: options.parameterCount,
      clientCount: scenario.clients,
      otherLengths: hasOtherLengths(method.messages),
    };
    const layouts = layoutsOf(method.messages, scenario.precision, options.parameterCount);
    this.membership = new Membership(
      scenario.clients,
      count,
      { onLoss, silentMs: heartbeatMs, waitMs: joinTimeoutMs, prepareMs: Number.POSITIVE_INFINITY },
      { epoch, round: fromRound, nowMs: performance.now() },
    );
    this.router = new FrameRouter(
      sockets,
      this.membership,
      layouts.values(),
      {
        clientCount: scenario.clients,
        kindCount: layouts.size,
        maxBodyBytes: maxBodyBytes(size),
        maxPackedBytes: maxPackedBytes(size),
        maxPackedValues: maxPackedValues(size),
        keptBytes: maxKeptBytes(size),
        hold: frameHold(scenario, layouts.values(), () => performance.now()),
        heartbeatMs,
        ownListener: own,
        ...(method.schedule === undefined && { parameterCount: options.parameterCount }),
        takesRepeats: ({ worker }) => this.takingRepeats.has(worker),
      },
      {
        answer: (member, message) => {
          if (message.type === 'control') this.lines.receive(member, message.event, message.content);
          else this.crew?.answer(member, message);
        },
        alive: () => this.crew?.alive(),
        broken: ({ worker }, error) => this.take({ type: 'broke', worker, why: error.message }),
        down: ({ worker }) => this.take({ type: 'closed', worker }),
        up: (member, resent) => {
          this.take({ type: 'reopened', worker: member.worker, generation: member.generation });
          options.observer.reopened(member, this.membership.state.epoch, resent);
        },
        seen: ({ worker }) => this.take({ type: 'seen', worker }),
      },
    );
    this.control = new ControlServer(
      sockets,
      { heartbeatMs, maxBytes: maxControlBytes(size), maxValues: maxPackedValues(size), use: scenario.use ?? [] },
      {
        arriving: (message) => this.arriving(message),
        hello: (message) => this.hello(message),
        seen: (worker) => this.take({ type: 'seen', worker }),
        goodbye: (worker) => this.take({ type: 'goodbye', worker }),
        closed: (worker, why, returns) => this.closed(worker, why, returns),
        broke: (worker, why) => this.take({ type: 'broke', worker, why }),
        done: (worker, message) => this.done(worker, message),
        failed: (worker, message) => this.crew?.failed(worker, message),
      },
    );
    if (options.archive) serveArchive(sockets, options.archive);
    this.lines = new MemberLines(this.control, this.router, {
      done: ({ worker }, message) => this.done(worker, message),
      failed: ({ worker }, message) => this.crew?.failed(worker, message),
    });
    this.ticker = setInterval(() => this.tick(), TICK_MS);
    options.signal.addEventListener('abort', () => this.stop(), { once: true });
  }

  static async listen(options: HostServerOptions): Promise<HostServer> {
    const listen = options.listen ?? { host: '127.0.0.1', port: 0 };
    const token = listen.token ?? nanoid(32);
    const hasOwn = hasOwnFrames(options.parameterCount, options.scenario.precision);
    const local = hasOwn ? 'reserved' : 'served';
    try {
      const sockets = await (await processSockets()).listen({ ...listen, token, ...(options.localLink && { local }) });
      const path = hasOwn ? sockets.localPath : null;
      const own = path ? await (await import('../../protocol/sockets/own-sockets.js')).listenAtPath(path) : null;
      return new HostServer(sockets, own, token, options);
    } catch (error) {
      throw new GradswarmError('ERR_USAGE', `--listen: ${(error as Error).message}`, { cause: error });
    }
  }

  /** Where workers listen for each other. */
  get peers(): control.Introduction['peers'] {
    return this.preparation?.peers ?? [];
  }

  /** Address that workers join at from elsewhere. */
  get joinUrl(): string {
    return joinUrl(this.sockets.address, this.isSecure);
  }

  /** Address that workers on this machine join at. */
  get url(): string {
    return localUrl(this.sockets.address, this.isSecure);
  }

  /** Where frame sockets of workers on this machine are taken too; null: at the port alone. */
  get localPath(): string | null {
    return (this.own ?? this.sockets).localPath ?? null;
  }

  private get isSecure(): boolean {
    return !!this.options.listen?.tls;
  }

  /** Frames for the coordinator's own half go to this office, in this epoch. */
  connect(office: PostOffice): void {
    this.router.connect(office);
    this.half = office;
  }

  /** The crew of the next epoch, once all seats are taken and their holders are ready. Throws ERR_WORKERS_MISSING, ERR_STOPPED. */
  assemble(): Promise<RemoteCrew> {
    if (this.ended) return Promise.reject(this.ended);
    return new Promise((resolve, reject) => {
      this.waiting = { resolve, reject };
      this.handOver();
    });
  }

  /** A round is done, or its checkpoint is on the disk. */
  report(type: 'committed' | 'checkpointed', round: number): void {
    this.take({ type, epoch: this.membership.state.epoch, round });
  }

  /** Sent to observers. */
  progress({ round, loss, accuracy, bytesUp, bytesDown, bytesPeer, wallMs }: MetricsRow): void {
    const { rounds } = this.options.scenario;
    const bytes = bytesUp + bytesDown + bytesPeer;
    this.control.publish('progress', { round, rounds, loss, accuracy, bytes, wallMs } satisfies control.Progress);
  }

  /** A worker process of this machine has ended: it is not waited for. */
  processEnded(pid: number, why: string): void {
    const worker = this.pids.get(pid);
    if (worker !== undefined) this.take({ type: 'died', worker, why });
  }

  /** Lets the workers go, then closes every connection. */
  async close(ending: Ending = 'failed'): Promise<void> {
    this.take({ type: 'over', ending, why: 'the run is over' });
    clearInterval(this.ticker);
    await this.crew?.close();
    await Promise.all(this.dismissals);
    this.router.close();
    await this.control.close();
    await this.own?.close();
    await this.sockets.close();
  }

  private stop(): void {
    const { waiting } = this;
    this.waiting = null;
    waiting?.reject(new GradswarmError('ERR_STOPPED', 'stopped while waiting for workers'));
  }

  private tick(): void {
    const nowMs = performance.now();
    const lateMs = nowMs - this.tickedMs - TICK_MS;
    if (lateMs > LATE_MS) this.take({ type: 'delayed', ms: lateMs });
    this.tickedMs = nowMs;
    this.take({ type: 'tick' });
    if (++this.ticks % TICKS_PER_TABLE !== 0) return;
    const table = seatTable(this.membership, this.options.scenario.rounds, nowMs);
    this.control.publish('seats', table);
    this.options.observer.seats?.(table);
  }

  /** One that comes back without what it was assigned has lost it: its clients cannot continue. */
  private arriving({ process: worker, resumes }: control.Hello): void {
    const member = this.membership.of(worker);
    if (!member) return;
    const { epoch, phase } = this.membership.state;
    const has = resumes?.epoch === epoch && resumes.generation === member.generation;
    const assigned = phase === 'running' || (phase === 'preparing' && !this.control.isAsked(worker, 'assign'));
    if (assigned && !has) this.take({ type: 'broke', worker, why: 'it came back without its clients' });
  }

  private hello({ process: worker, name, seat, pid, repeats }: control.Hello): void {
    if (repeats) this.takingRepeats.add(worker);
    else this.takingRepeats.delete(worker);
    this.pids.set(pid, worker);
    this.take({ type: 'join', worker, name, seat });
    const member = this.membership.of(worker);
    if (member && this.router.linkOf(member) === 'down') this.take({ type: 'closed', worker });
  }

  /** The control connection was lost. An epoch continues over the numbered link. */
  private closed(worker: WorkerId, why: string, returns: boolean): void {
    const member = this.membership.of(worker);
    if (!returns) this.take({ type: 'died', worker, why });
    else if (!member || this.router.linkOf(member) === null) this.take({ type: 'closed', worker });
  }

  private done(worker: WorkerId, message: control.Done): void {
    const hosts = (party: PartyId) => party !== 'coordinator' && this.membership.host(party)?.worker === worker;
    checkReport(message, hosts, this.options.scenario.faults.length);
    this.crew?.done(worker, message);
  }

  private take(event: WithoutTime<SeatEvent>): void {
    const before = this.membership.state;
    const actions = this.membership.take({ ...event, nowMs: performance.now() } as SeatEvent);
    const assigned = actions.some(({ type }) => type === 'assign');
    for (const action of actions) this.perform(action, before.epoch);
    if (assigned) this.prepare(this.membership.state.epoch);
  }

  private perform(action: SeatAction, epoch: number): void {
    switch (action.type) {
      case 'seated':
        return this.control.reply(action.worker, { seat: action.seat });
      case 'spare':
        return this.control.reply(action.worker, { spare: true });
      case 'refuse':
        this.dismissals.push(this.control.dismiss(action.worker, { refused: action.why }));
        return;
      case 'release': {
        const member = this.membership.of(action.worker);
        if (member && !this.control.isConnected(action.worker))
          this.lines.notify(member, 'stop', { over: action.ending });
        this.dismissals.push(this.control.dismiss(action.worker, { over: action.ending }));
        return;
      }
      case 'vacated': {
        const member = this.membership.takeGone(action.worker)!;
        this.loss = `${member.id} (${member.name}) was lost: ${action.why}; it hosted ${member.clients.length} clients`;
        this.control.drop(action.worker);
        // What it still sends is read no more: other sockets of an epoch that is over stay open until their workers close them.
        this.router.drop(member);
        this.options.observer.lost(member, epoch, action.why);
        return;
      }
      case 'lost': {
        const member = this.membership.seat(action.seat)!;
        this.router.drop(member);
        this.crew?.lost(member, action.why);
        return;
      }
      case 'abandon':
        return this.abandon(action.epoch, action.why);
      case 'run':
        this.crew = this.newCrew(action.epoch);
        return this.handOver();
      case 'end':
        return this.end(action.ending, action.why);
    }
  }

  private abandon(epoch: number, why: string): void {
    this.router.retire();
    const reason = this.loss ?? why;
    this.crew?.abandon(new EpochAbandoned(epoch, reason));
    if (this.crew) this.options.observer.abandoned(epoch, reason);
    this.crew = null;
    this.reconnected();
  }

  /** A link that was cut in the epoch that is over comes up no more: who has a control connection is reachable. */
  private reconnected(): void {
    for (const { worker, generation } of this.membership.present())
      if (this.control.isConnected(worker)) this.take({ type: 'reopened', worker, generation });
  }

  private end(ending: Ending, why: string): void {
    const missing = ending === 'again' && this.membership.state.phase === 'over' && !this.crew;
    this.ended = missing
      ? new GradswarmError(
          'ERR_WORKERS_MISSING',
          `expected ${this.options.scenario.workers.count} workers within workers.joinTimeoutMs = ` +
            `${this.options.scenario.workers.joinTimeoutMs} ms, got ${this.membership.present().length}; ` +
            `start more with 'gradswarm worker --join ${this.joinUrl}' or raise it`,
        )
      : new GradswarmError('ERR_WORKER_LOST', (this.options.scenario.workers.onLoss === 'fail' && this.loss) || why);
    this.crew?.abandon(this.ended);
    const { waiting } = this;
    this.waiting = null;
    waiting?.reject(this.ended);
  }

  private handOver(): void {
    const { crew, waiting } = this;
    if (!crew || !waiting) return;
    this.waiting = null;
    waiting.resolve(crew);
  }

  private newCrew(epoch: number): RemoteCrew {
    const { stallMs, computeMs } = this.options.scenario.workers;
    return new RemoteCrew(this.membership, this.lines, this.router, {
      epoch,
      estimateLength: this.options.estimateLength ?? this.options.parameterCount,
      stallMs,
      computeMs,
      nextRequest: () => ++this.requests,
      disconnect: ({ worker }, why) => this.take({ type: 'broke', worker, why }),
      own: () => ({ waits: this.half?.waits() ?? [], computing: this.half?.isComputing ?? false }),
    });
  }

  private prepare(epoch: number): void {
    const { membership, control, router, options } = this;
    this.preparation = new Preparation(epoch, membership, control, router, options, (event) => this.take(event));
    void this.preparation.run();
  }
}
