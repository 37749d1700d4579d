import type { WebSocket } from 'ws';

/**
 * What answers the pings of a websocket: with one pong at a time, and of those that came meanwhile the last alone. One that sends pings and
 * does not read the answers would else fill this process.
 */
export function pongsOf(socket: Pick<WebSocket, 'pong'>): (payload: Buffer) => void {
  let latest: Buffer | null = null;
  let busy = false;
  const send = (payload: Buffer): void => {
    busy = true;
    socket.pong(payload, undefined, (error?: Error) => {
      busy = false;
      const next = latest;
      latest = null;
      if (next && !error) send(next);
    });
  };
  return (payload) => {
    if (busy) latest = payload;
    else send(payload);
  };
}
