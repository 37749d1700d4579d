import type { ClientIndex } from '../method.js';
import { logNormal } from '../numerics/distributions.js';
import { rootStream } from '../numerics/random.js';
import type { Device, Link } from './scenario.js';

/**
 * Unequal devices and links as plain data. Every client's numbers are drawn from (seed, client) alone, so that more clients change
 * nothing for those there were. The default spreads are this project's choice, not a benchmark's.
 */

/** One device for each client, `msPerExample` and `msPerRound` being medians: a log-normal factor of median 1 for each client. */
export function logNormalDevices(settings: {
  readonly clients: number;
  readonly seed: number;
  readonly msPerExample: number;
  readonly msPerRound?: number;
  readonly nsPerParameterCoded?: number;
  /** Standard deviation of the factor's logarithm. */
  readonly logStddev?: number;
}): Device[] {
  const { clients, seed, msPerExample, msPerRound = 0, nsPerParameterCoded = 0, logStddev = 0.6 } = settings;
  const streams = rootStream(seed, 'float64');
  return indices(clients).map((client) => {
    const factor = logNormal(streams.derive('device', client), 0, logStddev);
    return {
      clients: [client],
      msPerExample: factor * msPerExample,
      msPerRound: factor * msPerRound,
      nsPerParameterCoded: factor * nsPerParameterCoded,
    };
  });
}

/** Two links for each client of a server method, down and up: log-normal bandwidth (up is `upShare` of down) and latency. */
export function logNormalLinks(settings: {
  readonly clients: number;
  readonly seed: number;
  /** Median bandwidth down. */
  readonly bandwidthMbps?: number;
  readonly upShare?: number;
  readonly bandwidthLogStddev?: number;
  /** Median. */
  readonly latencyMs?: number;
  readonly latencyLogStddev?: number;
  readonly jitterMs?: number;
}): Link[] {
  const { clients, seed, bandwidthMbps = 10, upShare = 0.25, latencyMs = 50, jitterMs = 0 } = settings;
  const { bandwidthLogStddev = 1, latencyLogStddev = 0.5 } = settings;
  const streams = rootStream(seed, 'float64');
  return indices(clients).flatMap((client) => {
    const down = bandwidthMbps * logNormal(streams.derive('bandwidth', client), 0, bandwidthLogStddev);
    const latency = latencyMs * logNormal(streams.derive('latency', client), 0, latencyLogStddev);
    const link = { kind: null, latencyMs: latency, jitterMs, retransmitMs: null } as const;
    return [
      { ...link, from: 'coordinator', to: [client], direction: 'down', bandwidthMbps: down },
      { ...link, from: [client], to: 'coordinator', direction: 'up', bandwidthMbps: upShare * down },
    ] satisfies Link[];
  });
}

function indices(count: number): ClientIndex[] {
  return Array.from({ length: count }, (_, client) => client);
}
