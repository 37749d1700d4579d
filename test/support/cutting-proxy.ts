import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';

/** What a connection through the proxy carries, by the path of its request. */
export type Carried = 'challenge' | 'control' | 'frames' | 'peers';

const PATHS: Readonly<Record<string, Carried>> = {
  '/challenge': 'challenge',
  '/socket.io/': 'control',
  '/frames': 'frames',
  '/peers': 'peers',
};

interface Pair {
  readonly near: Socket;
  readonly far: Socket;
  carried: Carried | null;
  /** Bytes of this way vanish, and no FIN or RST comes: a cable that was pulled. */
  readonly silent: { to: boolean; from: boolean };
}

/** A TCP proxy to one port that cuts the connections through it on request. */
export class CuttingProxy {
  private readonly pairs = new Set<Pair>();
  /** New connections: taken, refused at once, or taken and never answered. */
  private door: 'open' | 'refused' | 'silent' = 'open';
  cuts = 0;

  private constructor(
    private readonly server: Server,
    private readonly target: number,
  ) {
    server.on('connection', (near) => this.accept(near));
  }

  static async to(target: number): Promise<CuttingProxy> {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return new CuttingProxy(server, target);
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  carrying(what: Carried): readonly Pair[] {
    return [...this.pairs].filter(({ carried }) => carried === what);
  }

  /** Ends these connections with a reset at both ends. */
  cut(...what: readonly Carried[]): void {
    for (const pair of what.flatMap((each) => this.carrying(each))) this.end(pair);
  }

  /** From now on these connections lose every byte of the ways given, and neither end is notified. */
  silence(way: 'to' | 'from' | 'both', ...what: readonly Carried[]): void {
    for (const { silent } of what.flatMap((each) => this.carrying(each))) {
      if (way !== 'from') silent.to = true;
      if (way !== 'to') silent.from = true;
      this.cuts++;
    }
  }

  /** No connection gets through until `heal`. */
  shut(how: 'refused' | 'silent' = 'refused'): void {
    this.door = how;
    for (const pair of [...this.pairs])
      if (how === 'refused') this.end(pair);
      else {
        [pair.silent.to, pair.silent.from] = [true, true];
        this.cuts++;
      }
  }

  heal(): void {
    this.door = 'open';
  }

  close(): void {
    this.server.close();
    for (const pair of [...this.pairs]) this.end(pair);
  }

  private accept(near: Socket): void {
    near.on('error', () => {});
    if (this.door === 'refused') return void near.destroy();
    if (this.door === 'silent') return void near.resume();
    const far = connect({ port: this.target, host: '127.0.0.1', noDelay: true });
    far.on('error', () => near.destroy());
    near.setNoDelay();
    const pair: Pair = { near, far, carried: null, silent: { to: false, from: false } };
    this.pairs.add(pair);
    near.on('data', (data) => {
      pair.carried ??= PATHS[/^GET ([^ ?]*)/.exec(data.toString('latin1'))?.[1] ?? ''] ?? null;
      if (!pair.silent.to && !far.write(data)) pauseUntilDrained(near, far);
    });
    far.on('data', (data) => {
      if (!pair.silent.from && !near.write(data)) pauseUntilDrained(far, near);
    });
    const ended = () => {
      this.pairs.delete(pair);
      if (!pair.silent.to) far.destroy();
      if (!pair.silent.from) near.destroy();
    };
    near.on('close', ended);
    far.on('close', ended);
  }

  private end(pair: Pair): void {
    this.pairs.delete(pair);
    this.cuts++;
    pair.near.resetAndDestroy();
    pair.far.resetAndDestroy();
  }
}

function pauseUntilDrained(from: Socket, to: Socket): void {
  from.pause();
  to.once('drain', () => from.resume());
}
