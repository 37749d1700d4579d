import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

const CABLE = fileURLToPath(new URL('../../../test/system/cable.py', import.meta.url));

/** What a cable does to the packets of its host, both ways. */
export interface CableSettings {
  readonly delayMs?: number;
  /** Up to so much more, drawn for each packet. */
  readonly jitterMs?: number;
  /** Share of packets. */
  readonly loss?: number;
  readonly kbitPerSecond?: number;
  /** Nothing passes, and no end is notified. */
  readonly cut?: boolean;
  /** Hosts whose packets do not arrive, while those to them do. */
  readonly deny?: readonly number[];
}

const ip = (...args: readonly string[]): boolean => spawnSync('ip', args).status === 0;

/** Machines on one switch, as far as a network is concerned: namespaces, each on a cable of its own. */
export class CabledHosts {
  private readonly cables: ChildProcess[] = [];

  private constructor(
    private readonly name: string,
    private readonly net: string,
    private readonly count: number,
  ) {}

  /**
   * `name`: begins the names of all that is made, at most 9 characters; `net`: the first three numbers of the addresses. Null, with the
   * reason printed, where namespaces are refused.
   */
  static async make(name: string, net: string, count: number): Promise<CabledHosts | null> {
    const hosts = new CabledHosts(name, net, count);
    // What a test that was killed has left.
    hosts.remove();
    try {
      if (await hosts.connected()) return hosts;
    } catch (error) {
      console.log((error as Error).message);
    }
    console.log('skipped: network namespaces, bridges or /dev/net/tun are refused here, or there is no python3');
    hosts.remove();
    return null;
  }

  namespaceOf(host: number): string {
    return `${this.name}-h${host}`;
  }

  addressOf(host: number): string {
    return `${this.net}.${host + 1}`;
  }

  set(host: number, settings: CableSettings): void {
    const deny = settings.deny?.map((other) => this.addressOf(other)) ?? [];
    this.cables[host]!.stdin!.write(`${JSON.stringify({ ...settings, deny })}\n`);
  }

  /** All cables are as new. */
  heal(): void {
    for (let host = 0; host < this.count; host++) this.set(host, {});
  }

  /** A process on this host. */
  start(host: number, args: readonly string[], env: NodeJS.ProcessEnv = process.env): ChildProcess {
    const enter = [`--net=/run/netns/${this.namespaceOf(host)}`, process.execPath, ...args];
    return spawn('nsenter', enter, { stdio: ['ignore', 'pipe', 'pipe'], env });
  }

  remove(): void {
    for (const cable of this.cables) cable.kill('SIGKILL');
    for (let host = 0; host < this.count; host++) ip('netns', 'delete', this.namespaceOf(host));
    ip('link', 'delete', this.bridge);
  }

  private get bridge(): string {
    return `${this.name}-sw`;
  }

  private async connected(): Promise<boolean> {
    if (!ip('link', 'add', this.bridge, 'type', 'bridge') || !ip('link', 'set', this.bridge, 'up')) return false;
    for (let host = 0; host < this.count; host++) {
      const [namespace, end] = [this.namespaceOf(host), `${this.name}-c${host}`];
      if (!ip('netns', 'add', namespace)) return false;
      const cable = spawn('python3', [CABLE, namespace, end, 'eth0'], { stdio: ['pipe', 'pipe', 'inherit'] });
      this.cables.push(cable);
      const [first] = await Promise.race([once(cable.stdout, 'data'), once(cable, 'close')]);
      if (!`${first}`.startsWith('ready')) return false;
      ip('link', 'set', end, 'master', this.bridge, 'up');
      ip('-n', namespace, 'address', 'add', `${this.addressOf(host)}/24`, 'dev', 'eth0');
      ip('-n', namespace, 'link', 'set', 'eth0', 'up');
      ip('-n', namespace, 'link', 'set', 'lo', 'up');
    }
    return true;
  }
}
