import { createServer, type Server, type ServerResponse } from 'node:http';
import type * as control from '../../protocol/wire/control-messages.js';
import { liveData } from './live-data.js';
import { LIVE_PAGE } from './live-page.js';

const HOST = '127.0.0.1';
/** Between two looks of the page at its data. */
const LOOK_MS = 1000;

const HEADERS = {
  'cache-control': 'no-store',
  'x-content-type-options': 'nosniff',
  'content-security-policy':
    "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; connect-src 'self'",
};

/** The page of a run on this machine's loopback, with what its folder has at the moment. It reads and never writes. */
export class LiveServer {
  private askedMs = Number.NEGATIVE_INFINITY;

  private constructor(private readonly server: Server) {}

  /** `folder`: of the run to show; null: none yet. Port 0: any that is free. `seats`: the newest of a run's coordinator; null: none. */
  static async open(
    folder: () => string | null,
    port = 0,
    seats: () => control.Seats | null = () => null,
  ): Promise<LiveServer> {
    const server = createServer((request, response) => {
      // Another page in the same browser that has a name of its own lead here is not answered.
      if (!/^(127\.0\.0\.1|localhost):\d+$/.test(request.headers.host ?? '')) response.writeHead(403, HEADERS).end();
      else if (request.url === '/') response.writeHead(200, { ...HEADERS, 'content-type': 'text/html' }).end(LIVE_PAGE);
      else if (request.url === '/data.json') {
        live.askedMs = performance.now();
        void answer(folder(), seats(), response);
      } else response.writeHead(404, HEADERS).end();
    });
    const live = new LiveServer(server);
    await new Promise<void>((resolve, reject) => {
      // Stays: too many open files, say, must not end the run that it shows.
      server.on('error', reject);
      server.listen(port, HOST, resolve);
    });
    return live;
  }

  get url(): string {
    const address = this.server.address();
    return `http://${HOST}:${typeof address === 'object' && address ? address.port : 0}/`;
  }

  /** A page that is open sees the end first. */
  async close(): Promise<void> {
    if (performance.now() - this.askedMs < 2 * LOOK_MS)
      await new Promise((resolve) => setTimeout(resolve, 1.5 * LOOK_MS));
    this.server.close();
    this.server.closeAllConnections();
  }
}

async function answer(folder: string | null, seats: control.Seats | null, response: ServerResponse): Promise<void> {
  let text = 'null';
  try {
    // A folder that is just being made has no manifest yet.
    if (folder !== null) text = JSON.stringify(await liveData(folder, seats));
  } catch {}
  response.writeHead(200, { ...HEADERS, 'content-type': 'application/json' }).end(text);
}
