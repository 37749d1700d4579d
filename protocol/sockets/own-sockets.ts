import type { AddressInfo, Socket } from 'node:net';
import { pipeline, type Readable } from 'node:stream';
import { fetchChallenge } from './challenge.js';
import { openConnection } from './connection.js';
import type { ControlConnected, ControlListener, ControlListening, IoListener } from './control-listener.js';
import { openLink } from './open-link.js';
import { PlainSocket } from './plain-socket.js';
import { SocketAcceptor } from './socket-acceptor.js';
import { SocketServer } from './socket-server.js';
import type { Acceptance, Accepted, Acceptor, Listener, Sockets } from './sockets.js';

class OwnListener implements Listener {
  constructor(
    private readonly server: SocketServer,
    /** Null where no process may join. */
    private readonly joining: typeof IoListener | null,
  ) {}

  get address(): AddressInfo {
    return this.server.address;
  }

  get localPath(): string | null {
    return this.server.localPath;
  }

  accept(acceptance: Acceptance, accepted: Accepted): Acceptor {
    return new SocketAcceptor(this.server, acceptance, accepted);
  }

  control(listening: ControlListening, connected: ControlConnected): ControlListener {
    return new this.joining!(this.server, listening, connected);
  }

  answerProven(path: string, proof: string, type: string, content: () => Readable, fetched: () => void): void {
    this.server.answerProven(path, (response, { answer }) => {
      response.writeHead(200, { connection: 'close', 'content-type': type, [proof]: answer });
      pipeline(content(), response, (error) => {
        if (!error) fetched();
      });
    });
  }

  close(): Promise<void> {
    return this.server.close();
  }
}

/** Frame sockets at a path that was reserved, on the thread that calls. Null: nothing can listen there. */
export async function listenAtPath(path: string): Promise<Listener | null> {
  const server = await SocketServer.listenAt(path);
  return server && new OwnListener(server, null);
}

const addressOf = (stream: unknown): string => (stream as Partial<Socket>).localAddress ?? '127.0.0.1';

/** Sockets of the thread that opens them. */
export const ownSockets: Sockets = {
  async listen(options) {
    // Workers, which let no process join, do without.
    const joining = options.token ? (await import('./control-listener.js')).IoListener : null;
    return new OwnListener(await SocketServer.listen(options), joining);
  },
  async openLink(options) {
    const { link, stream } = await openLink(options);
    return { socket: link, localAddress: addressOf(stream) };
  },
  async openPlain(url, timeoutMs, trust) {
    const { socket, stream } = await openConnection(url, timeoutMs, trust);
    return { socket: new PlainSocket(socket, stream), localAddress: addressOf(stream) };
  },
  challenge: fetchChallenge,
  openControl: async (opening) => (await import('./open-control.js')).openControl(opening),
};
