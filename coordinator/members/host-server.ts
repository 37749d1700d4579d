import type { Readable } from 'node:stream';
import { nanoid } from 'nanoid';
import { GradswarmError } from '../../protocol/errors.js';
import { frameHold } from '../../protocol/links/link-buckets.js';
import type { AnyMethod } from '../../protocol/method.js';
import type { PostOffice } from '../../protocol/party/post-office.js';
import type { Scenario } from '../../protocol/scenario/scenario.js';
import { type ServerOptions, SocketServer } from '../../protocol/sockets/socket-server.js';
import type { Assign } from '../../protocol/wire/control-messages.js';
import * as control from '../../protocol/wire/control-messages.js';
import { hasOtherLengths, layoutsOf } from '../../protocol/wire/layout.js';
import { maxBodyBytes, maxControlBytes, maxPackedBytes, maxPackedValues } from '../../protocol/wire/limits.js';
import type { MetricsRow } from '../run-directory/metrics.js';
import { ControlServer } from './control-server.js';
import { FrameRouter } from './frame-router.js';
import { joinUrl, localUrl } from './listening-url.js';
import { type Member, Membership } from './membership.js';
import { PeerKeys } from './peer-keys.js';
import { RemoteCrew } from './remote-crew.js';
import { checkReport } from './report-check.js';
import { serveArchive } from './run-archive.js';
import { seatTable } from './seat-table.js';
import type { Ending, SeatAction, SeatEvent } from './seats.js';
import { withoutPaths } from './used-modules.js';
import { EpochAbandoned } from './workers-lost.js';

export interface ListenOptions extends Pick<ServerOptions, 'host' | 'port' | 'tls' | 'origins'> {
  /** What workers and observers must know; null: one that is drawn. */
  readonly token?: string | null;
}

export interface HostServerOptions {
  readonly scenario: Scenario;
  readonly method: AnyMethod;
  readonly parameterCount: number;
  /** Names of what a worker read that is not what this process read. */
  readonly differences: (read: control.Ready['read']) => readonly string[];
  /** Null: loopback, on a port of the system's choice. */
  readonly listen: ListenOptions | null;
  /** The first epoch of this process, and the rounds that its checkpoint holds. */
  readonly epoch: number;
  readonly fromRound: number;
  readonly signal: AbortSignal;
  /** The run directory as a tar stream, for those who know the token; left out: it is not given away. */
  readonly archive?: () => Readable;
  readonly observer: HostObserver;
}

export interface HostObserver {
  joined(member: Member, epoch: number, ready: control.Ready): void;
  lost(member: Member, epoch: number, reason: string): void;
  /** The epoch is abandoned; the next one begins when all seats are taken. */
  abandoned(epoch: number, reason: string): void;
  note(text: string): void;
}

/** `Omit` of each member of a union. */
type WithoutTime<E> = E extends unknown ? Omit<E, 'nowMs'> : never;

const TICK_MS = 100;

/** Observers are sent the seats each time that so many ticks have passed. */
const TICKS_PER_TABLE = 10;

/** A tick that comes later than this was delayed by this process: no worker is considered silent. */
const LATE_MS = 1000;

/** One port for everything: socket.io for control and, beside it, the frame sockets. Performs what the seats decide. */
export class HostServer {
  readonly router: FrameRouter;
  /** Where workers listen for each other. */
  peers: control.Introduction['peers'] = [];
  private readonly membership: Membership;
  private readonly control: ControlServer;
  private readonly ticker: NodeJS.Timeout;
  private readonly dismissals: Promise<void>[] = [];
  private crew: RemoteCrew | null = null;
  private readonly peerKeys = new PeerKeys();
  private requests = 0;
  private tickedMs = performance.now();
  private ticks = 0;
  /** The last loss, in words. */
  private loss: string | null = null;
  private ended: GradswarmError | null = null;
  private waiting: { resolve(crew: RemoteCrew): void; reject(error: Error): void } | null = null;
  private own: { waits(): readonly string[]; readonly isComputing: boolean } | null = null;

  private constructor(
    private readonly sockets: SocketServer,
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
        hold: frameHold(scenario, layouts.values(), () => performance.now()),
      },
      {
        answer: (member, message) => this.crew?.answer(member, message),
        alive: () => this.crew?.alive(),
        broken: ({ worker }, error) => this.take({ type: 'broke', worker, why: error.message }),
      },
    );
    this.control = new ControlServer(
      sockets,
      { heartbeatMs, maxBytes: maxControlBytes(size), maxValues: maxPackedValues(size), use: scenario.use ?? [] },
      {
        hello: ({ process: worker, name, seat }) => this.take({ type: 'join', worker, name, seat }),
        seen: (worker) => this.take({ type: 'seen', worker }),
        goodbye: (worker) => this.take({ type: 'goodbye', worker }),
        // What was on its way is lost with the connection, so the seat is open at once; the worker may take it again.
        closed: (worker, why) => this.take({ type: 'died', worker, why }),
        broke: (worker, why) => this.take({ type: 'broke', worker, why }),
        done: (worker, message) => {
          checkReport(message, (party) => party !== 'coordinator' && this.membership.host(party)?.worker === worker);
          this.crew?.done(worker, message);
        },
        failed: (worker, message) => this.crew?.failed(worker, message),
      },
    );
    if (options.archive) serveArchive(sockets, options.archive);
    this.ticker = setInterval(() => this.tick(), TICK_MS);
    options.signal.addEventListener('abort', () => this.stop(), { once: true });
  }

  static async listen(options: HostServerOptions): Promise<HostServer> {
    const listen = options.listen ?? { host: '127.0.0.1', port: 0 };
    const token = listen.token ?? nanoid(32);
    try {
      return new HostServer(await SocketServer.listen({ ...listen, token }), token, options);
    } catch (error) {
      throw new GradswarmError('ERR_USAGE', `--listen: ${(error as Error).message}`, { cause: error });
    }
  }

  /** Address that workers join at from elsewhere. */
  get joinUrl(): string {
    return joinUrl(this.sockets.address, this.isSecure);
  }

  /** Address that workers on this machine join at. */
  get url(): string {
    return localUrl(this.sockets.address, this.isSecure);
  }

  private get isSecure(): boolean {
    return !!this.options.listen?.tls;
  }

  /** Frames for the coordinator's own half go to this office, in this epoch. */
  connect(office: PostOffice): void {
    this.router.connect(office);
    this.own = office;
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

  /** Lets the workers go, then closes every connection. */
  async close(ending: Ending = 'failed'): Promise<void> {
    this.take({ type: 'over', ending, why: 'the run is over' });
    clearInterval(this.ticker);
    await this.crew?.close();
    await Promise.all(this.dismissals);
    this.router.close();
    await this.control.close();
    await this.sockets.close();
  }

  private stop(): void {
    const { waiting } = this;
    this.waiting = null;
    waiting?.reject(new GradswarmError('ERR_STOPPED', 'stopped while waiting for workers'));
  }

  private tick(): void {
    const nowMs = performance.now();
    if (nowMs - this.tickedMs > LATE_MS)
      for (const { worker } of this.membership.present()) this.take({ type: 'seen', worker });
    this.tickedMs = nowMs;
    this.take({ type: 'tick' });
    if (++this.ticks % TICKS_PER_TABLE === 0)
      this.control.publish('seats', seatTable(this.membership, this.options.scenario.rounds, nowMs));
  }

  private take(event: WithoutTime<SeatEvent>): void {
    const before = this.membership.state;
    const actions = this.membership.take({ ...event, nowMs: performance.now() } as SeatEvent);
    const assigned = actions.some(({ type }) => type === 'assign');
    for (const action of actions) this.perform(action, before.epoch);
    if (assigned) void this.prepare(this.membership.state.epoch);
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
      case 'release':
        this.dismissals.push(this.control.dismiss(action.worker, { over: action.ending }));
        return;
      case 'vacated': {
        const member = this.membership.takeGone(action.worker)!;
        this.loss = `${member.id} (${member.name}) was lost: ${action.why}; it hosted ${member.clients.length} clients`;
        this.control.drop(action.worker);
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
    return new RemoteCrew(this.membership, this.control, this.router, {
      epoch,
      parameterCount: this.options.parameterCount,
      stallMs,
      computeMs,
      nextRequest: () => ++this.requests,
      giveUp: ({ worker }, why) => this.take({ type: 'broke', worker, why }),
      own: () => ({ waits: this.own?.waits() ?? [], computing: this.own?.isComputing ?? false }),
    });
  }

  /** Assigns each worker its seat, and waits until they are connected with each other. */
  private async prepare(epoch: number): Promise<void> {
    const { scenario } = this.options;
    const { computeMs } = scenario.workers;
    const limit = `workers.computeMs = ${computeMs}`;
    this.membership.renewTokens();
    this.peerKeys.renew();
    const members = this.membership.present();
    const peers: { worker: string; url: string }[] = [];
    const isOver = () => this.membership.state.epoch !== epoch || this.membership.state.phase !== 'preparing';
    const asked = async <T>(member: Member, question: () => Promise<T>): Promise<T | null> => {
      try {
        const answer = await question();
        return isOver() ? null : answer;
      } catch (error) {
        if (!isOver() && !member.lost)
          this.take({ type: 'broke', worker: member.worker, why: (error as Error).message });
        return null;
      }
    };
    const readies = await Promise.all(
      members.map((member) =>
        asked(member, async () => {
          const assignment = this.assignment(member, epoch);
          const ready = await this.control.ask(member, 'assign', assignment, control.ready, computeMs, limit);
          if (!isOver() && this.isFit(member, ready)) this.options.observer.joined(member, epoch, ready);
          return ready;
        }),
      ),
    );
    if (isOver()) return;
    for (const [i, ready] of readies.entries())
      if (ready?.peer) {
        const host = ready.peer.host ?? this.control.addressOf(members[i]!.worker);
        peers.push({ worker: members[i]!.id, url: `${ready.peer.tls ? 'wss' : 'ws'}://${host}:${ready.peer.port}` });
      }
    this.peers = peers;
    const answers = await Promise.all(
      members.map((member) =>
        asked(member, () =>
          this.control.ask(
            member,
            'introduce',
            { peers, keys: this.peerKeys.of(member, this.membership.present()) },
            control.introduced,
            computeMs,
            limit,
          ),
        ),
      ),
    );
    for (const [i, answer] of answers.entries()) {
      const { id, worker, generation } = members[i]!;
      if (isOver() || !answer) return;
      if (answer.unreachable.length > 0)
        this.options.observer.note(
          `${id} cannot reach ${answer.unreachable.join(', ')}; their frames go through the coordinator`,
        );
      this.take({ type: 'ready', worker, epoch, generation });
    }
  }

  private isFit(member: Member, { parameterCount, read }: control.Ready): boolean {
    const { parameterCount: expected, differences } = this.options;
    const different = differences(read);
    if (parameterCount === expected && different.length === 0) return true;
    const why =
      parameterCount === expected
        ? `${different.join(' and ')} that it read differ from the coordinator's; give both the same files and the same version`
        : `expected a model of ${expected} parameters, got ${parameterCount}; its data or version differs`;
    this.options.observer.note(`${member.id} (${member.name}) is refused: ${why}`);
    this.take({ type: 'unfit', worker: member.worker, why });
    return false;
  }

  private assignment(member: Member, epoch: number): Assign {
    return {
      worker: member.id,
      generation: member.generation,
      epoch,
      token: member.token,
      scenario: withoutPaths(this.options.scenario) as unknown as Record<string, unknown>,
      clients: [...member.clients],
      workers: this.membership.sharesById().map(({ worker, clients }) => ({ worker, clients: [...clients] })),
    };
  }
}
