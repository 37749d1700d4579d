/** 127.0.0.0/8 and ::1, as they stand in a URL, and the name that stands for them. */
const THIS_MACHINE = /^(127(\.\d+){3}|\[::1\]|localhost)$/;

/** A websocket over a Unix-domain socket. */
const LOCAL = 'ws+unix:';

/** The address of what is served at `path` and `query` over the Unix-domain socket of this file. */
export function localSocketUrl(file: string, path: string, query: string): string {
  return `${LOCAL}${file}:${path}?${query}`;
}

/** Is no intermediary able to read what goes to this address? Over TLS, and on this machine. */
export function isUnseen({ protocol, hostname }: URL): boolean {
  return protocol === 'wss:' || protocol === LOCAL || THIS_MACHINE.test(hostname);
}

/**
 * Clients mask what they send so that no proxy on the way takes a part of it for a request (RFC 6455, 10.3). Where there is none the mask
 * may be the one that changes nothing: it is sent as any other, and neither end has to apply it.
 */
export function maskWithZeros(mask: Buffer): void {
  mask.fill(0);
}
