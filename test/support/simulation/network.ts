import type { AddressInfo } from 'node:net';
import type { WebSocket } from 'ws';
import { GradswarmError } from '../../../protocol/errors.js';
import { Admission } from '../../../protocol/sockets/admission.js';
import type { ControlConnected, ControlListening } from '../../../protocol/sockets/control-listener.js';
import { openLink } from '../../../protocol/sockets/open-link.js';
import { PATHS } from '../../../protocol/sockets/paths.js';
import { PlainSocket } from '../../../protocol/sockets/plain-socket.js';
import { type Answering, SocketAcceptor } from '../../../protocol/sockets/socket-acceptor.js';
import type { ServerOptions, SocketServer, Upgrade } from '../../../protocol/sockets/socket-server.js';
import type { Acceptance, Accepted, Acceptor, Listener, Sockets } from '../../../protocol/sockets/sockets.js';
import { MESSAGE_TYPE } from '../../../protocol/wire/frame.js';
import type { MessageSocket } from '../../../protocol/wire/message-socket.js';
import { seededRandom } from '../seeded-random.js';
import { SimControl } from './control.js';
import { type Carrier, Pipe, type PipeEnd } from './pipe.js';
import { SimWebSocket, STREAM } from './websocket.js';
import { currentProcess, type SimProcess, type World } from './world.js';

const REFUSED_BY_HOST = 'connect ECONNREFUSED';

/** What a listening port has. */
interface Port {
  readonly process: SimProcess;
  readonly admission: Admission | null;
  readonly routes: Map<string, (upgrade: Upgrade) => void>;
  readonly pipes: Set<Pipe>;
  control: { readonly listening: ControlListening; readonly connected: ControlConnected } | null;
}

/** A request to become a websocket, on the side of the port. */
type SimUpgrade = Upgrade & { readonly end: PipeEnd };

/**
 * The network between processes of a world, below numbered links and control connections, both of which are real: connections are
 * ordered, take time, break with or without notice, and are held up.
 */
export class Network implements Sockets, Carrier {
  readonly pipes = new Set<Pipe>();
  private readonly ports = new Map<number, Port>();
  private readonly random: () => number;
  private nextPort = 9000;
  private slowness = 1;
  /** Pairs of hosts that do not reach each other, until a time. */
  private readonly uncontrolled = new Map<string, number>();
  private readonly apart = new Map<string, number>();
  /** Hosts whose links carry each frame twice, until a time. */
  private readonly repeating = new Map<string, number>();

  constructor(
    readonly world: World,
    seed: number,
  ) {
    this.random = seededRandom(seed);
    this.slowness = [1, 1, 4][Math.floor(this.random() * 3)]!;
  }

  /** One way, milliseconds: mostly short, now and then long. */
  latencyMs(): number {
    const long = this.random() < 0.05 ? 40 : 4;
    return 0.5 + this.slowness * long * this.random();
  }

  /** No connection between the two hosts for so long; those that are open are silent, and deliver later or never. */
  part(a: string, b: string, ms: number, isLost: boolean): void {
    const untilMs = this.world.nowMs + ms;
    this.apart.set([a, b].sort().join(' '), untilMs);
    for (const pipe of this.pipes)
      if (pipe.joins(a, b)) {
        if (isLost) pipe.silence();
        else pipe.holdUntil(untilMs);
      }
  }

  /** No control connection of this host for so long; what it has of them breaks. Its links stay. */
  withoutControl(host: string, ms: number): void {
    this.uncontrolled.set(host, this.world.nowMs + ms);
    for (const pipe of this.pipes)
      if (pipe.isControl && pipe.ends.some(({ process }) => process.host === host)) pipe.cut();
  }

  /** For so long this host sends every frame again, as over another way when the acknowledgement of the first was lost. */
  repeat(host: string, ms: number): void {
    this.repeating.set(host, this.world.nowMs + ms);
  }

  /** `path`: of links between workers, where seals take another way too. */
  repeated(link: MessageSocket, host: string, path: string): MessageSocket {
    const send = link.send.bind(link);
    link.send = (message, sent) => {
      const again =
        (this.repeating.get(host) ?? 0) > this.world.nowMs && isWhole(message, path) ? Buffer.from(message) : null;
      send(message, sent);
      if (again) send(again);
    };
    return link;
  }

  async listen(options: ServerOptions): Promise<Listener> {
    const process = currentProcess()!;
    const number = options.port || this.nextPort++;
    if (this.ports.has(number)) throw new Error(`listen EADDRINUSE: ${number}`);
    const admission = options.token ? new Admission(options.token) : null;
    const port: Port = { process, admission, routes: new Map(), pipes: new Set(), control: null };
    this.ports.set(number, port);
    const free = () => {
      if (this.ports.get(number) === port) this.ports.delete(number);
    };
    process.onEnd(free);
    return new SimListener(this, port, { address: process.host, family: 'IPv4', port: number }, free);
  }

  async openLink(options: Parameters<Sockets['openLink']>[0]) {
    const { link } = await openLink(options, (url, timeoutMs) => this.dial(url, timeoutMs) as unknown as WebSocket);
    const { host } = currentProcess()!;
    return { socket: this.repeated(link, host, new URL(options.url).pathname), localAddress: host };
  }

  async openPlain(url: string, timeoutMs: number) {
    const socket = this.dial(new URL(url), timeoutMs);
    await new Promise<void>((resolve, reject) => {
      socket.on('error', ({ message }: Error) => reject(new GradswarmError('ERR_WORKER_LOST', message)));
      socket.once('open', resolve);
    });
    const opened = new PlainSocket(socket as unknown as WebSocket, STREAM);
    return { socket: opened, localAddress: currentProcess()!.host };
  }

  challenge(url: string): Promise<string> {
    return this.asked(new URL(url), 10_000, (port, answer) => answer(port.admission!.challenge()));
  }

  async openControl({ url, query, openMs }: Parameters<Sockets['openControl']>[0]): Promise<SimControl> {
    const client = new SimControl(new URL(url).hostname, this.world);
    const opened = await this.asked<boolean>(new URL(url), openMs, (port, answer, pipe) => {
      const proven = port.admission!.admits(new URLSearchParams(query));
      answer(proven !== null && proven.role === 'worker' && port.control !== null);
      if (!proven || !port.control) return;
      const end = pipe();
      end.pipe.isControl = true;
      client.use(end.other);
      const { heartbeatMs } = port.control.listening;
      this.world.schedule(end.other.process, 0, () => client.beat(heartbeatMs, false));
      const server = new SimControl(end.other.process.host, this.world);
      server.use(end);
      server.beat(heartbeatMs, true);
      port.control.connected(server, proven);
    }).catch((error) => {
      client.close();
      throw error;
    });
    if (!opened) throw new GradswarmError('ERR_PROTOCOL', `the coordinator at ${url} has another token`);
    return client;
  }

  /** A request to a port and its answer. */
  private asked<T>(
    url: URL,
    timeoutMs: number,
    serve: (port: Port, answer: (value: T) => void, pipe: () => PipeEnd) => void,
  ): Promise<T> {
    const process = currentProcess()!;
    const fail = (why: string) => new GradswarmError('ERR_WORKER_LOST', `no coordinator at ${url.host}: ${why}`);
    return new Promise((resolve, reject) => {
      this.world.schedule(process, timeoutMs, () => reject(fail('no answer')));
      if ((this.uncontrolled.get(process.host) ?? 0) > this.world.nowMs) return;
      this.arrive(
        process,
        url,
        (port) =>
          serve(
            port,
            (value) => this.world.schedule(process, this.latencyMs(), () => resolve(value)),
            () => this.pipe(process, port).ends[1],
          ),
        () => reject(fail(REFUSED_BY_HOST)),
      );
    });
  }

  private dial(url: URL, timeoutMs: number): SimWebSocket {
    const process = currentProcess()!;
    const socket = new SimWebSocket(this.world, process);
    this.world.schedule(process, timeoutMs, () => socket.fail('Opening handshake has timed out'));
    this.arrive(
      process,
      url,
      (port) => {
        const route = port.routes.get(url.pathname);
        const pipe = this.pipe(process, port);
        const [near, end] = pipe.ends;
        socket.use(near);
        const upgrade = {
          url,
          end,
          isLocal: false,
          socket: {
            get destroyed() {
              return !end.isOpen;
            },
          },
        } as unknown as SimUpgrade;
        if (route) route(upgrade);
        else end.send({ type: 'refused', status: 404 });
      },
      () => socket.fail(REFUSED_BY_HOST),
    );
    return socket;
  }

  private arrive(from: SimProcess, url: URL, served: (port: Port) => void, refused: () => void): void {
    const number = Number(url.port);
    const port = this.ports.get(number);
    const untilMs = this.apart.get([from.host, port?.process.host ?? ''].sort().join(' ')) ?? 0;
    if (untilMs > this.world.nowMs) return;
    if (!port) {
      this.world.schedule(from, this.latencyMs(), refused);
      return;
    }
    this.world.schedule(port.process, this.latencyMs(), () => {
      if (this.ports.get(number) === port) served(port);
      else this.world.schedule(from, this.latencyMs(), refused);
    });
  }

  private pipe(client: SimProcess, port: Port): Pipe {
    const pipe = new Pipe(this, client, port.process);
    this.pipes.add(pipe);
    port.pipes.add(pipe);
    pipe.onGone(() => {
      this.pipes.delete(pipe);
      port.pipes.delete(pipe);
    });
    return pipe;
  }
}

class SimListener implements Listener {
  constructor(
    private readonly network: Network,
    private readonly port: Port,
    readonly address: AddressInfo,
    private readonly free: () => void,
  ) {}

  accept(acceptance: Acceptance, accepted: Accepted): Acceptor {
    const server = { route: (path: string, take: (upgrade: Upgrade) => void) => this.port.routes.set(path, take) };
    const repeating: Accepted = (key, socket, numbered, isLocal) =>
      accepted(key, this.network.repeated(socket, this.port.process.host, acceptance.path), numbered, isLocal);
    return new SocketAcceptor(server as unknown as SocketServer, acceptance, repeating, ANSWERING);
  }

  control(listening: ControlListening, connected: ControlConnected) {
    this.port.control = { listening, connected };
    return { publish() {}, keepFor() {}, close: async () => {} };
  }

  answerProven(): void {}

  async close(): Promise<void> {
    this.free();
    for (const pipe of [...this.port.pipes]) pipe.ends[1].destroy();
  }
}

/** Not the beginning or a part of a body in chunks, nor a control message. */
function isWhole(message: Uint8Array, path: string): boolean {
  const isFrame = message[0] === MESSAGE_TYPE.frame;
  if (!isFrame && !(message[0] === MESSAGE_TYPE.packed && path === PATHS.peers)) return false;
  return new DataView(message.buffer, message.byteOffset).getUint32(44, true) === 0;
}

const ANSWERING: Answering = {
  refuse: (upgrade, status) =>
    (upgrade as SimUpgrade).end.send({ type: 'refused', status: Number.parseInt(status, 10) }),
  accept: (upgrade, opened) => {
    const { end } = upgrade as SimUpgrade;
    const socket = SimWebSocket.accepted(end);
    end.send({ type: 'accepted' });
    opened({ socket: socket as unknown as WebSocket, stream: STREAM });
  },
  close: () => {},
};
