import type { Rng } from '../method.js';
import type { Link } from '../scenario/scenario.js';
import type { Frame } from '../wire/frame.js';
import type { KindLayout } from '../wire/layout.js';
import { selectsFrames } from './frame-filter.js';

/** 10^6 bits a second are this many bits a millisecond. */
const BITS_PER_MS_OF_MBPS = 1000;

/** Simulated milliseconds that `bytes` need on the link: latency, a uniform share of the jitter, and bytes over bandwidth. */
export function linkTime(link: Link, bytes: number, stream: () => Rng): number {
  const jitter = link.jitterMs === 0 ? 0 : link.jitterMs * stream().uniform();
  return link.latencyMs + jitter + transferMs(link, bytes);
}

function transferMs({ bandwidthMbps }: Link, bytes: number): number {
  return bandwidthMbps === null ? 0 : (bytes * 8) / (bandwidthMbps * BITS_PER_MS_OF_MBPS);
}

/** How much later a frame arrives that had to be sent again. */
export function resendMs(link: Link | null, bytes: number): number {
  if (!link) return 0;
  return link.retransmitMs ?? 2 * link.latencyMs + transferMs(link, bytes);
}

/** The entry that a frame travels by: the last one that matches; null where none does. */
export function linkFinder(links: readonly Link[]): (frame: Frame, layout: KindLayout) => Link | null {
  const entries = links.map((link) => ({
    link,
    selects: selectsFrames({ ...link, senders: link.from, receivers: link.to, from: 0, until: null }),
  }));
  return (frame, layout) => {
    for (let i = entries.length - 1; i >= 0; i--) if (entries[i]!.selects(frame, layout)) return entries[i]!.link;
    return null;
  };
}
