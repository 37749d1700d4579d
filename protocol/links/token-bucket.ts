/** Bytes that may still be sent without waiting, and the time of that count. Plain data. */
export interface TokenBucketState {
  /** Negative: bytes of admitted frames that still wait. */
  readonly bytes: number;
  readonly atMs: number;
}

/**
 * Holds a stream of frames to a bandwidth under the wall clock. Pure: the clock is the caller's. Frames are sent in the order in which
 * they are admitted, each whole, and over any stretch of t ms at most `burstBytes` + t bandwidth bytes are sent, a frame counting
 * when its last byte is sent.
 */
export interface TokenBucket {
  init(nowMs: number): TokenBucketState;
  /** How long the frame has to wait from now on, and the bucket after it was admitted. `nowMs` must not go back. */
  admit(state: TokenBucketState, bytes: number, nowMs: number): readonly [waitMs: number, state: TokenBucketState];
}

/** `bandwidthMbps`: megabits (10^6) a second, above 0; null: no limit. `burstBytes`: bytes that may be sent at once after an idle period, at least 0. */
export function tokenBucket(bandwidthMbps: number | null, burstBytes = 0): TokenBucket {
  if (bandwidthMbps !== null && !(bandwidthMbps > 0))
    throw new RangeError(`bandwidthMbps: expected a number above 0 or null, got ${bandwidthMbps}`);
  if (!(burstBytes >= 0)) throw new RangeError(`burstBytes: expected a number of at least 0, got ${burstBytes}`);
  const bytesPerMs = bandwidthMbps === null ? Number.POSITIVE_INFINITY : (bandwidthMbps * 1000) / 8;
  return {
    init: (nowMs) => ({ bytes: burstBytes, atMs: nowMs }),
    admit(state, bytes, nowMs) {
      if (bytesPerMs === Number.POSITIVE_INFINITY) return [0, state];
      const atMs = Math.max(nowMs, state.atMs);
      const left = Math.min(burstBytes, state.bytes + (atMs - state.atMs) * bytesPerMs) - bytes;
      return [left >= 0 ? 0 : -left / bytesPerMs, { bytes: left, atMs }];
    },
  };
}
