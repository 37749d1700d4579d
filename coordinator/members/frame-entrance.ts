import { PATHS } from '../../protocol/sockets/paths.js';
import type { Accepted, Acceptor, Listener } from '../../protocol/sockets/sockets.js';
import { UNWATCHED_MS, WatchedSocket } from '../../protocol/sockets/watched-socket.js';
import { BROKEN, type MessageSocket } from '../../protocol/wire/message-socket.js';

/**
 * Where workers open their frame sockets: at the port and, where this thread listens at a Unix-domain socket, there. A worker that opens
 * both, the port last, has its messages on this thread and its signs of life at the port.
 */
export class FrameEntrance implements Acceptor {
  private readonly acceptors: readonly Acceptor[];
  /** Sockets of this thread whose worker has not come to the port yet, by token. */
  private readonly alone = new Map<string, MessageSocket>();

  /** `own`: of this thread; null: there is the port alone. */
  constructor(server: Listener, own: Listener | null, heartbeatMs: number, accepted: Accepted) {
    const place = { path: PATHS.frames, parameters: ['token'], early: 'refused' } as const;
    const atPort = server.accept({ ...place, heartbeatMs }, (token, socket, numbered, isLocal) => {
      const frames = this.alone.get(token);
      this.alone.delete(token);
      if (frames) accepted(token, new WatchedSocket(frames, socket), numbered, true);
      else accepted(token, socket, numbered, isLocal);
    });
    const atPath = own?.accept({ ...place, heartbeatMs: UNWATCHED_MS }, (token, socket) => {
      this.alone.set(token, socket);
      socket.on('close', () => {
        if (this.alone.get(token) === socket) this.alone.delete(token);
      });
    });
    this.acceptors = atPath ? [atPort, atPath] : [atPort];
  }

  admit(keys: ReadonlyMap<string, string>): void {
    for (const [token, socket] of this.alone) if (!keys.has(token)) socket.close(BROKEN);
    for (const acceptor of this.acceptors) acceptor.admit(keys);
  }

  close(): void {
    for (const acceptor of this.acceptors) acceptor.close();
  }
}
