import type { Link, Scenario } from '../scenario/scenario.js';
import { bodyBytes, type Frame, partyNumber, wireBytes } from '../wire/frame.js';
import type { KindLayout } from '../wire/layout.js';
import { linkFinder } from './link-time.js';
import { type TokenBucket, type TokenBucketState, tokenBucket } from './token-bucket.js';

/** Bandwidth of every directed link under the wall clock: one token bucket for each pair of parties and link entry. */
export class LinkBuckets {
  private readonly linkOf: ReturnType<typeof linkFinder>;
  private readonly buckets: ReadonlyMap<Link, { readonly bucket: TokenBucket; readonly index: number }>;
  private readonly states = new Map<string, TokenBucketState>();

  constructor({ links }: Pick<Scenario, 'links'>) {
    this.linkOf = linkFinder(links);
    this.buckets = new Map(links.map((link, index) => [link, { bucket: tokenBucket(link.bandwidthMbps), index }]));
  }

  /** Real milliseconds from `nowMs` until the frame's last byte is sent. Call once per frame, in sending order. */
  waitMs(frame: Frame, layout: KindLayout, bytes: number, nowMs: number): number {
    const link = this.linkOf(frame, layout);
    if (!link || link.bandwidthMbps === null) return 0;
    const { bucket, index } = this.buckets.get(link)!;
    const key = `${partyNumber(frame.from)} ${partyNumber(frame.to)} ${index}`;
    const [waitMs, next] = bucket.admit(this.states.get(key) ?? bucket.init(nowMs), bytes, nowMs);
    this.states.set(key, next);
    return waitMs;
  }
}

/**
 * Real milliseconds for which a socket host delays each frame of its own parties: the link's latency and jitter and what fault
 * rules add, then its bandwidth. Call once per frame, in sending order. null under the virtual clock, where links take simulated time.
 */
export function frameHold(
  scenario: Pick<Scenario, 'clock' | 'links'>,
  layouts: Iterable<KindLayout>,
  now: () => number,
): ((frame: Frame) => number) | null {
  if (scenario.clock !== 'wall') return null;
  const buckets = new LinkBuckets(scenario);
  const byIndex = [...layouts].sort((a, b) => a.index - b.index);
  return (frame) => {
    const bytes = wireBytes(bodyBytes(frame), frame.from !== 'coordinator');
    const heldMs = (frame.heldMs ?? 0) + buckets.waitMs(frame, byIndex[frame.kindIndex]!, bytes, now());
    // A timer of 2^31 ms or more fires at once.
    return Math.min(heldMs, 2 ** 31 - 1);
  };
}
