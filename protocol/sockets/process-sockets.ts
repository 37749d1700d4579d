import type { Sockets } from './sockets.js';

const own = async (): Promise<Sockets> => (await import('./own-sockets.js')).ownSockets;

let sockets: Sockets | null = null;
let open = own;

/** Everything that this process opens: sockets of the thread that asks, unless others were named. */
export async function processSockets(): Promise<Sockets> {
  return sockets ?? open();
}

/** In a thread that computes, before it opens any. */
export function useSockets(others: Sockets): void {
  sockets = others;
}

/** Called whenever sockets are asked for; null: those of the thread that asks. */
export function openSocketsBy(other: (() => Promise<Sockets>) | null): void {
  open = other ?? own;
}
