import type { AddressInfo } from 'node:net';
import { hostname } from 'node:os';

function isEveryInterface({ address }: AddressInfo): boolean {
  return address === '0.0.0.0' || address === '::';
}

/** Where a program on this machine reaches what listens here: ws://host:port, or wss: over TLS. */
export function localUrl(listening: AddressInfo, secure: boolean): string {
  const { address, port, family } = listening;
  const open = isEveryInterface(listening) ? '127.0.0.1' : address;
  return `${secure ? 'wss' : 'ws'}://${family === 'IPv6' && open.includes(':') ? `[${open}]` : open}:${port}`;
}

/** Where others reach it: by the name of this machine where every interface is listened at. */
export function joinUrl(listening: AddressInfo, secure: boolean): string {
  if (!isEveryInterface(listening)) return localUrl(listening, secure);
  const url = new URL(localUrl(listening, secure));
  url.hostname = hostname();
  return url.href.replace(/\/$/, '');
}
