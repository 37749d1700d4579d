import type { TlsTrust } from '../../protocol/sockets/challenge.js';

/** Where a coordinator listens, and what it must be shown. */
export interface CoordinatorAddress {
  /** ws://host:port, or wss: over TLS. */
  readonly url: string;
  readonly token: string;
  readonly trust: TlsTrust;
}
