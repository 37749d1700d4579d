import { expect } from 'chai';
import { calibrate, type MeasuredTimes } from '../../../scenarios/run/calibration.js';

const MS_PER_EXAMPLE = 0.25;
const [LATENCY_MS, DOWN_MBPS, UP_MBPS] = [30, 40, 8];
/** Beside its examples: of client 3, whose process is busy with others first. */
const WAITS_MS = [5, 5, 5, 80];
const EXAMPLES = [100, 200, 300, 400];

const transferMs = (bytes: number, mbps: number) => (8 * bytes) / (mbps * 1000);

/** Up to 4 % more, never less: what is measured on a machine that does other things too. Made up, the same every time. */
const disturbed = (ms: number, round: number, client: number) =>
  ms * (1 + 0.04 * (((7 * round + 3 * client) % 11) / 10) ** 2);

/** Twelve rounds of four clients, messages of the given sizes in turn. */
function madeUp(sizes: readonly (readonly [down: number, up: number])[]): MeasuredTimes[] {
  return Array.from({ length: 12 }, (_, index) => index + 1).flatMap((round) =>
    EXAMPLES.map((examples, client) => {
      const [bytesDown, bytesUp] = sizes[round % sizes.length]!;
      const computedMs = disturbed(MS_PER_EXAMPLE * examples, round, client);
      const wayMs = 2 * LATENCY_MS + transferMs(bytesDown, DOWN_MBPS) + transferMs(bytesUp, UP_MBPS);
      const heldMs = computedMs + 5;
      const spanMs = disturbed(wayMs, round, client) + computedMs + WAITS_MS[client]!;
      const span = { spanMs, heldMs, heldExamples: examples, examples, computedMs };
      return { round, client, roundMs: 1.1 * spanMs, ...span, bytesDown, bytesUp };
    }),
  );
}

const SEVERAL = [
  [400_000, 20_000],
  [400_000, 200_000],
  [40_000, 200_000],
] as const;
const near = (value: number | null, wanted: number) => expect(value).to.be.closeTo(wanted, 0.05 * wanted);

describe('device and link models from measured times', () => {
  it('find the speed, latency and bandwidth of each direction that a record was made with back to 5 %', () => {
    const { devices, links, bandwidth } = calibrate(madeUp(SEVERAL));
    expect(bandwidth).to.equal('by direction');
    for (const { msPerExample } of devices) near(msPerExample, MS_PER_EXAMPLE);
    expect(links.map(({ direction }) => direction)).to.deep.equal(['down', 'up']);
    for (const { latencyMs } of links) near(latencyMs, LATENCY_MS);
    near(links[0]!.bandwidthMbps, DOWN_MBPS);
    near(links[1]!.bandwidthMbps, UP_MBPS);
  });

  it('count what a client waits for others of its process as its msPerRound, not as its link', () => {
    const { devices } = calibrate(madeUp(SEVERAL));
    const [all, ...own] = devices;
    expect(own.map(({ clients }) => clients)).to.deep.equal([[0], [1], [2], [3]]);
    for (const [client, { msPerRound }] of own.entries()) expect(msPerRound).to.be.closeTo(WAITS_MS[client]!, 5);
    expect(all).to.include({ clients: 'all' });
    expect(all!.msPerRound).to.be.below(WAITS_MS[3]!);
  });

  it('take messages of one size for latency alone, and find the bandwidth where the latency is given', () => {
    const [size] = SEVERAL;
    const alone = calibrate(madeUp([size]));
    expect(alone.bandwidth).to.equal('not separated from latency');
    const wayMs = 2 * LATENCY_MS + transferMs(size[0], DOWN_MBPS) + transferMs(size[1], UP_MBPS);
    for (const { latencyMs, bandwidthMbps } of alone.links) {
      near(latencyMs, wayMs / 2);
      expect(bandwidthMbps).to.equal(null);
    }
    const given = calibrate(madeUp([size]), LATENCY_MS);
    expect(given.bandwidth).to.equal('one for both');
    const both = (8 * (size[0] + size[1])) / (wayMs - 2 * LATENCY_MS) / 1000;
    for (const { latencyMs, bandwidthMbps } of given.links) {
      expect(latencyMs).to.equal(LATENCY_MS);
      near(bandwidthMbps, both);
    }
  });
});
