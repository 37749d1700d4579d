import { nanoid } from 'nanoid';
import { GradswarmError } from '../../protocol/errors.js';
import { frameHold } from '../../protocol/links/link-buckets.js';
import type { AnyMethod } from '../../protocol/method.js';
import type { PostOffice } from '../../protocol/party/post-office.js';
import type { Scenario } from '../../protocol/scenario/scenario.js';
import { SocketServer } from '../../protocol/sockets/socket-server.js';
import type { Assign } from '../../protocol/wire/control-messages.js';
import * as control from '../../protocol/wire/control-messages.js';
import { maxBodyBytes } from '../../protocol/wire/frame-channel.js';
import { layoutsOf } from '../../protocol/wire/layout.js';
import { ControlServer } from './control-server.js';
import { FrameRouter } from './frame-router.js';
import { type Member, Membership } from './membership.js';
import { RemoteCrew } from './remote-crew.js';

export interface HostServerOptions {
  readonly scenario: Scenario;
  readonly method: AnyMethod;
  readonly parameterCount: number;
  /** Null: loopback, on a port of the system's choice. */
  readonly listen: { readonly host: string; readonly port: number } | null;
  readonly signal: AbortSignal;
  readonly observer: {
    joined(member: Member, ready: control.Ready): void;
    lost(member: Member, reason: string): void;
    note(text: string): void;
  };
}

/** One port for everything: socket.io for control and, beside it, the frame sockets. Admits workers and makes them a crew. */
export class HostServer {
  readonly crew: RemoteCrew;
  readonly router: FrameRouter;
  /** Where workers listen for each other. */
  peers: control.Introduction['peers'] = [];
  private readonly membership: Membership;
  private readonly control: ControlServer;
  private readonly peerKey = nanoid();
  private closing = false;
  private wake: () => void = () => {};
  private ownWaits: () => readonly string[] = () => [];

  private constructor(
    private readonly sockets: SocketServer,
    private readonly options: HostServerOptions,
  ) {
    const { scenario, method } = options;
    const layouts = layoutsOf(method.messages, scenario.precision);
    this.membership = new Membership(scenario.clients, scenario.workers.count);
    this.router = new FrameRouter(
      sockets,
      this.membership,
      layouts.values(),
      {
        clientCount: scenario.clients,
        kindCount: layouts.size,
        maxBodyBytes: maxBodyBytes(options.parameterCount),
        hold: frameHold(scenario, layouts.values(), () => performance.now()),
      },
      {
        answer: (member, message) => this.crew.answer(member, message),
        alive: () => this.crew.alive(),
        broken: (member, error) => this.lose(member, error.message),
      },
    );
    this.control = new ControlServer(
      sockets,
      this.membership,
      { heartbeatMs: scenario.workers.heartbeatMs },
      {
        joined: () => this.wake(),
        done: (member, message) => this.crew.done(member, message),
        failed: (member, message) => this.crew.failed(member, message),
        lost: (member, reason) => this.lose(member, reason),
      },
    );
    this.crew = new RemoteCrew(this.membership, this.control, this.router, {
      stallMs: scenario.workers.stallMs,
      ownWaits: () => this.ownWaits(),
    });
  }

  static async listen(options: HostServerOptions): Promise<HostServer> {
    const { host, port } = options.listen ?? { host: '127.0.0.1', port: 0 };
    try {
      return new HostServer(await SocketServer.listen(host, port), options);
    } catch (error) {
      throw new GradswarmError('ERR_USAGE', `--listen: ${(error as Error).message}`, { cause: error });
    }
  }

  /** Address that workers join at: ws://host:port. */
  get url(): string {
    const { address, port, family } = this.sockets.address;
    const open = address === '0.0.0.0' || address === '::' ? '127.0.0.1' : address;
    return `ws://${family === 'IPv6' && open.includes(':') ? `[${open}]` : open}:${port}`;
  }

  connect(office: PostOffice): void {
    this.router.connect(office);
    this.ownWaits = () => office.waits();
  }

  /** Waits for all workers, tells each its part, and lets them meet. ERR_WORKERS_MISSING when they do not come in time. */
  async assemble(): Promise<void> {
    await this.allJoined();
    const { joinTimeoutMs } = this.options.scenario.workers;
    const limit = `workers.joinTimeoutMs = ${joinTimeoutMs}`;
    const members = this.membership.all();
    const peers: { worker: string; url: string }[] = [];
    await Promise.all(
      members.map(async (member) => {
        const ready = await this.control.ask(
          member,
          'assign',
          this.assignment(member),
          control.ready,
          joinTimeoutMs,
          limit,
        );
        if (ready.parameterCount !== this.options.parameterCount)
          throw new GradswarmError(
            'ERR_PROTOCOL',
            `${member.id}: expected a model of ${this.options.parameterCount} parameters, got ${ready.parameterCount}; ` +
              'its data or version differs',
          );
        if (ready.peer) {
          const host = ready.peer.host ?? this.control.addressOf(member);
          peers.push({ worker: member.id, url: `ws://${host}:${ready.peer.port}` });
        }
        this.options.observer.joined(member, ready);
      }),
    );
    this.peers = peers;
    const answers = await Promise.all(
      members.map((member) =>
        this.control.ask(member, 'introduce', { peers }, control.introduced, joinTimeoutMs, limit),
      ),
    );
    for (const [i, { unreachable }] of answers.entries())
      if (unreachable.length > 0)
        this.options.observer.note(
          `${members[i]!.id} cannot reach ${unreachable.join(', ')}; their frames go through the coordinator`,
        );
  }

  async close(): Promise<void> {
    this.closing = true;
    await this.crew.close();
    await this.sockets.close();
  }

  private async allJoined(): Promise<void> {
    const { count, joinTimeoutMs } = this.options.scenario.workers;
    const until = performance.now() + joinTimeoutMs;
    while (!this.membership.complete) {
      const left = until - performance.now();
      if (this.options.signal.aborted) throw new GradswarmError('ERR_STOPPED', 'stopped while waiting for workers');
      if (left <= 0)
        throw new GradswarmError(
          'ERR_WORKERS_MISSING',
          `expected ${count} workers within workers.joinTimeoutMs = ${joinTimeoutMs} ms, got ${this.membership.count}; ` +
            `start more with 'gradswarm worker --join ${this.url}' or raise it`,
        );
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, Math.min(left, 250));
        this.wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
  }

  private assignment(member: Member): Assign {
    return {
      worker: member.id,
      generation: member.generation,
      token: member.token,
      peerKey: this.peerKey,
      scenario: this.options.scenario as unknown as Record<string, unknown>,
      clients: [...member.clients],
      workers: this.membership.all().map(({ id, clients }) => ({ worker: id, clients: [...clients] })),
    };
  }

  private lose(member: Member, reason: string): void {
    if (member.lost || this.closing) return;
    member.lost = true;
    this.router.drop(member);
    this.control.drop(member);
    this.options.observer.lost(member, reason);
    this.crew.lost(member, reason);
  }
}
