import { type ChildProcess, spawn } from 'node:child_process';
import { type AddressInfo, createServer } from 'node:net';
import { fileURLToPath } from 'node:url';
import { TOKEN_VARIABLE } from '../../scenarios/run/token.js';
import type { WorkerLauncher } from '../../scenarios/run/worker-launcher.js';
import { runWorker } from '../../worker/main.js';
import { CuttingProxy } from './cutting-proxy.js';

const CLI = fileURLToPath(new URL('../../scenarios/cli.js', import.meta.url));

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** Workers whose connections go through proxies that can cut them: to the coordinator, one for each, and to each of them from its peers. */
export class ProxiedWorkers implements WorkerLauncher {
  /** By worker: its way to the coordinator, and that of others to it. */
  readonly up: CuttingProxy[] = [];
  readonly peers: CuttingProxy[] = [];
  readonly notes: string[] = [];
  private readonly controller = new AbortController();
  private readonly running: Promise<unknown>[] = [];
  private readonly children: ChildProcess[] = [];

  /** `processes`: each worker in a process of its own. */
  constructor(private readonly processes = false) {}

  get cuts(): number {
    return [...this.up, ...this.peers].reduce((sum, { cuts }) => sum + cuts, 0);
  }

  start(count: number, url: string, _device: string | null, token: string): void {
    this.running.push(this.launch(count, new URL(url), token));
  }

  async stop(): Promise<void> {
    this.controller.abort();
    for (const child of this.children) child.kill('SIGTERM');
    for (const proxy of [...this.up, ...this.peers]) proxy.close();
    await Promise.all(this.running);
  }

  private async launch(count: number, url: URL, token: string): Promise<void> {
    const ports: number[] = [];
    for (let seat = 0; seat < count; seat++) {
      ports.push(await freePort());
      this.up.push(await CuttingProxy.to(Number(url.port)));
      this.peers.push(await CuttingProxy.to(ports[seat]!));
    }
    for (let seat = 0; seat < count; seat++) {
      const join = `ws://127.0.0.1:${this.up[seat]!.port}`;
      this.running.push(
        this.processes ? this.spawn(seat, join, ports[seat]!, token) : this.run(seat, join, ports[seat]!, token),
      );
    }
  }

  private async run(seat: number, join: string, port: number, token: string): Promise<void> {
    await runWorker(join, {
      device: null,
      signal: this.controller.signal,
      peers: { port, advertise: { host: '127.0.0.1', port: this.peers[seat]!.port }, tls: null },
      token,
      trust: { ca: null },
      seat,
      name: `worker ${seat}`,
      retryForMs: 20_000,
      note: (text) => this.notes.push(text),
    }).catch((error: Error) => this.notes.push(error.message));
  }

  private async spawn(seat: number, join: string, port: number, token: string): Promise<void> {
    const child = spawn(
      process.execPath,
      [
        CLI,
        'worker',
        '--join',
        join,
        '--slot',
        `${seat}`,
        '--peer-port',
        `${port}`,
        '--advertise',
        `127.0.0.1:${this.peers[seat]!.port}`,
      ],
      { stdio: ['ignore', 'ignore', 'pipe'], env: { ...process.env, [TOKEN_VARIABLE]: token } },
    );
    this.children.push(child);
    child.stderr.setEncoding('utf8').on('data', (text: string) => this.notes.push(text));
    await new Promise((resolve) => child.once('exit', resolve));
  }
}
