import { expect } from 'chai';
import { frameHold, LinkBuckets } from '../../../protocol/links/link-buckets.js';
import { linkTime, resendMs } from '../../../protocol/links/link-time.js';
import { tokenBucket } from '../../../protocol/links/token-bucket.js';
import { rootStream } from '../../../protocol/numerics/random.js';
import { logNormalDevices, logNormalLinks } from '../../../protocol/scenario/device-speeds.js';
import { bodyBytes, wireBytes } from '../../../protocol/wire/frame.js';
import { frameOf, judge, layoutOf, layouts, link, networkOf } from '../../support/hand-made-frames.js';

const noStream = () => {
  throw new Error('a link without jitter draws nothing');
};

describe('link time', () => {
  it('is latency plus bytes over bandwidth: 20 ms and 12500 bytes at 0.5 Mbit/s are 220 ms', () => {
    expect(linkTime(link({ latencyMs: 20, bandwidthMbps: 0.5 }), 12_500, noStream)).to.equal(220);
    expect(linkTime(link({ latencyMs: 20 }), 12_500, noStream)).to.equal(20);
    expect(linkTime(link({ bandwidthMbps: 8 }), 0, noStream)).to.equal(0);
  });

  it('jitter is uniform in [0, 6): mean 3 within 5 sigma over 5000 frames', () => {
    const stream = rootStream(3, 'float64');
    let sum = 0;
    for (let i = 0; i < 5000; i++) {
      const ms = linkTime(link({ latencyMs: 10, jitterMs: 6 }), 0, () => stream.derive(i)) - 10;
      expect(ms >= 0 && ms < 6).to.equal(true);
      sum += ms;
    }
    expect(sum / 5000).to.be.closeTo(3, (5 * 6) / Math.sqrt(12 * 5000));
  });

  it('a resend costs two latencies and the transfer again, or what the link says', () => {
    expect(resendMs(link({ latencyMs: 20, bandwidthMbps: 0.5 }), 12_500)).to.equal(240);
    expect(resendMs(link({ latencyMs: 20, retransmitMs: 0 }), 12_500)).to.equal(0);
    expect(resendMs(null, 12_500)).to.equal(0);
  });

  it('the last entry that matches a frame counts, whole', () => {
    const links = [
      link({ latencyMs: 1, bandwidthMbps: 1 }),
      link({ latencyMs: 2, direction: 'up' }),
      link({ latencyMs: 3, from: [2], to: 'coordinator' }),
      link({ latencyMs: 4, kind: 'seed' }),
    ];
    const network = networkOf([], { links });
    const time = (kind: string, from: number | 'coordinator', to: number | 'coordinator') =>
      judge(network, kind, frameOf(kind, { from, to }), 1000)!.delayMs;
    expect(time('update', 1, 'coordinator')).to.equal(2);
    expect(time('update', 2, 'coordinator')).to.equal(3);
    expect(time('model', 'coordinator', 1)).to.equal(1 + 8);
    expect(time('seed', 'coordinator', 1)).to.equal(4);
    expect(time('iterate', 1, 2)).to.equal(1 + 8);
  });
});

describe('token bucket', () => {
  it('holds a row of frames to the bandwidth: 1 Mbit/s is 125 bytes a ms', () => {
    const bucket = tokenBucket(1);
    let state = bucket.init(1000);
    const waits: number[] = [];
    for (const nowMs of [1000, 1000, 1004, 1100]) {
      const [waitMs, next] = bucket.admit(state, 1250, nowMs);
      waits.push(waitMs);
      state = next;
    }
    // Last bytes go at 1010, 1020, 1030; after the silence the next is free to go at 1110.
    expect(waits).to.deep.equal([10, 20, 26, 10]);
  });

  it('lets a burst go at once after a silence, never more than its size', () => {
    const bucket = tokenBucket(1, 2500);
    const [first, second] = bucket.admit(bucket.init(0), 2500, 0);
    expect(first).to.equal(0);
    // After 1000 ms 125000 bytes have come in, but the bucket holds 2500: 1250 more wait for 10 ms.
    expect(bucket.admit(second, 3750, 1000)[0]).to.equal(10);
  });

  it('does not count time that a clock took back', () => {
    const bucket = tokenBucket(1);
    const [, state] = bucket.admit(bucket.init(100), 125, 100);
    expect(bucket.admit(state, 125, 50)[0]).to.equal(2);
  });

  it('without a bandwidth nothing waits; a bandwidth of 0 and a burst below 0 are refused', () => {
    const bucket = tokenBucket(null);
    expect(bucket.admit(bucket.init(0), 1e9, 0)[0]).to.equal(0);
    expect(() => tokenBucket(0)).to.throw(RangeError, 'bandwidthMbps: expected a number above 0 or null, got 0');
    expect(() => tokenBucket(1, -1)).to.throw(RangeError, 'burstBytes');
  });

  it('every directed pair of parties has its own bucket on a link entry', () => {
    const buckets = new LinkBuckets({
      links: [link({ bandwidthMbps: 1 }), link({ bandwidthMbps: null, direction: 'down' })],
    });
    const wait = (from: number, to: number, nowMs = 0) =>
      buckets.waitMs(frameOf('iterate', { from, to }), layoutOf('iterate'), 1250, nowMs);
    expect([wait(1, 2), wait(1, 2), wait(2, 1), wait(1, 3), wait(3, 2)]).to.deep.equal([10, 20, 10, 10, 10]);
    expect(buckets.waitMs(frameOf('model', { from: 'coordinator', to: 1 }), layoutOf('model'), 1250, 0)).to.equal(0);
  });
});

describe('holding frames under the wall clock', () => {
  const links = [link({ bandwidthMbps: 1 })];

  it('a frame waits for its own hold and then for bandwidth: 7 ms and its bytes at 125 a ms', () => {
    let nowMs = 0;
    const hold = frameHold({ clock: 'wall', links }, layouts.values(), () => nowMs)!;
    const frame = { ...frameOf('update', { from: 1, to: 'coordinator' }), heldMs: 7 };
    const transferMs = wireBytes(bodyBytes(frame), true) / 125;
    expect(hold(frame)).to.be.closeTo(7 + transferMs, 1e-9);
    expect(hold(frame)).to.be.closeTo(7 + 2 * transferMs, 1e-9);
    nowMs = 1000;
    expect(hold(frame)).to.be.closeTo(7 + transferMs, 1e-9);
  });

  it('a frame that needs longer than a timer holds is held for the longest timer, not sent at once', () => {
    const slowest = [link({ bandwidthMbps: 1e-6 })];
    const hold = frameHold({ clock: 'wall', links: slowest }, layouts.values(), () => 0)!;
    const frame = { ...frameOf('update', { from: 1, to: 'coordinator' }), heldMs: 2 ** 31 };
    expect(hold(frame)).to.equal(2 ** 31 - 1);
  });

  it('under the virtual clock nothing is held', () => {
    expect(frameHold({ clock: 'virtual', links }, layouts.values(), () => 0)).to.equal(null);
  });
});

describe('unequal devices and links', () => {
  it('log-normal devices of spread 0.6: mean log factor 0, stddev 0.6 within 5 sigma over 2000 clients', () => {
    const devices = logNormalDevices({ clients: 2000, seed: 5, msPerExample: 4, msPerRound: 20 });
    const logs = devices.map(({ msPerExample }) => Math.log(msPerExample / 4));
    const mean = logs.reduce((sum, x) => sum + x, 0) / 2000;
    const variance = logs.reduce((sum, x) => sum + (x - mean) ** 2, 0) / 2000;
    expect(mean).to.be.closeTo(0, (5 * 0.6) / Math.sqrt(2000));
    expect(variance).to.be.closeTo(0.36, 5 * 0.36 * Math.sqrt(2 / 2000));
    // One factor for all times of a client.
    for (const { msPerExample, msPerRound } of devices) expect(msPerRound / msPerExample).to.be.closeTo(5, 1e-12);
  });

  it('more clients change nothing for those there were, another seed does', () => {
    const few = logNormalDevices({ clients: 3, seed: 5, msPerExample: 1 });
    expect(logNormalDevices({ clients: 6, seed: 5, msPerExample: 1 }).slice(0, 3)).to.deep.equal(few);
    expect(logNormalDevices({ clients: 3, seed: 6, msPerExample: 1 })).to.not.deep.equal(few);
  });

  it("a client's way up has a quarter of its bandwidth down and the same latency; all of it is plain data", () => {
    const links = logNormalLinks({ clients: 3, seed: 5 });
    for (let client = 0; client < 3; client++) {
      const [down, up] = [links[2 * client]!, links[2 * client + 1]!];
      expect([down.to, up.from]).to.deep.equal([[client], [client]]);
      expect(up.bandwidthMbps! / down.bandwidthMbps!).to.be.closeTo(0.25, 1e-12);
      expect(up.latencyMs).to.equal(down.latencyMs);
    }
    expect(JSON.parse(JSON.stringify(links))).to.deep.equal(links);
  });
});
