import type { Sockets } from './sockets.js';

let sockets: Sockets | null = null;

/** Everything that this process opens: sockets of the thread that asks, unless others were named. */
export async function processSockets(): Promise<Sockets> {
  sockets ??= (await import('./own-sockets.js')).ownSockets;
  return sockets;
}

/** In a thread that computes, before it opens any. */
export function useSockets(others: Sockets): void {
  sockets = others;
}
