import { createServer, type Server } from 'node:http';
import type { Counter, Gauge, Registry } from 'prom-client';
import { GradswarmError } from '../../protocol/errors.js';
import type { ShownRow } from '../run/main-thread.js';

const DIRECTIONS = { up: 'bytesUp', down: 'bytesDown', peer: 'bytesPeer' } as const;

interface Instruments {
  readonly round: Gauge;
  readonly rounds: Gauge<'run'>;
  readonly loss: Gauge;
  readonly accuracy: Gauge;
  readonly bytes: Counter<'direction'>;
}

/** `/metrics` of one process on this machine's loopback, in the text format of Prometheus: the process and, of a coordinator, its run. */
export class MetricsServer {
  private constructor(
    private readonly server: Server,
    private readonly run: Instruments | null,
  ) {}

  /** `isCoordinator`: with the figures of a run, which `start` and `round` set. Throws ERR_USAGE where the port is taken. */
  static async open(port: number, isCoordinator: boolean): Promise<MetricsServer> {
    const { Registry, collectDefaultMetrics, Gauge, Counter } = await import('prom-client');
    const registry = new Registry();
    collectDefaultMetrics({ register: registry });
    const gauge = (name: string, help: string) => new Gauge({ name, help, registers: [registry] });
    const run: Instruments | null = isCoordinator
      ? {
          round: gauge('gradswarm_round', 'Rounds done of the run under way'),
          rounds: new Gauge({
            name: 'gradswarm_rounds',
            help: 'Rounds that the run is to do',
            labelNames: ['run'],
            registers: [registry],
          }),
          loss: gauge('gradswarm_loss', 'Held-out loss, as last evaluated'),
          accuracy: gauge('gradswarm_accuracy', 'Held-out accuracy, as last evaluated'),
          bytes: new Counter({
            name: 'gradswarm_sent_bytes_total',
            help: 'Bytes on the wire by direction, of all runs of this process',
            labelNames: ['direction'],
            registers: [registry],
          }),
        }
      : null;
    const server = createServer((request, response) => void answer(registry, request.url, response));
    await new Promise<void>((resolve, reject) => {
      // Stays: too many open files, say, must not end the run.
      server.on('error', (error) =>
        reject(new GradswarmError('ERR_USAGE', `--metrics-port ${port}: expected a free port: ${error.message}`)),
      );
      server.listen(port, '127.0.0.1', resolve);
    });
    server.unref();
    return new MetricsServer(server, run);
  }

  /** As bound: of port 0, the one that was free. */
  get port(): number {
    const address = this.server.address();
    return typeof address === 'object' && address ? address.port : 0;
  }

  start(name: string, rounds: number): void {
    this.run?.rounds.reset();
    this.run?.rounds.set({ run: name }, rounds);
    this.run?.round.set(0);
  }

  round(row: ShownRow): void {
    const { run } = this;
    if (!run) return;
    run.round.set(row.round);
    if (row.loss !== null) run.loss.set(row.loss);
    if (row.accuracy !== null) run.accuracy.set(row.accuracy);
    for (const [direction, name] of Object.entries(DIRECTIONS)) run.bytes.inc({ direction }, row[name]);
  }

  close(): void {
    this.server.close();
    this.server.closeAllConnections();
  }
}

async function answer(
  registry: Registry,
  url: string | undefined,
  response: import('node:http').ServerResponse,
): Promise<void> {
  if (url !== '/metrics') {
    response.writeHead(404).end('see /metrics\n');
    return;
  }
  response.writeHead(200, { 'content-type': registry.contentType }).end(await registry.metrics());
}
