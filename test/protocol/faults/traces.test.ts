import '../../support/loaded-rules.js';
import { expect } from 'chai';
import { availabilityTrace } from '../../../protocol/faults/availability-trace.js';
import { bandwidthTrace } from '../../../protocol/faults/bandwidth-trace.js';
import { always, during } from '../../../protocol/faults/fault.js';
import { TraceTable } from '../../../protocol/faults/parts/trace.js';
import { speedTrace } from '../../../protocol/faults/speed-trace.js';
import { frameOf, judge, link, networkOf } from '../../support/hand-made-frames.js';

/** 1 from 0 s, 3 from 2 s, 0 from 5 s; a second device has 2 at all times. */
const ROWS = [
  [0, 0, 1],
  [0, 2, 3],
  [0, 5, 0],
  [1, 0, 2],
];
const table = (period: number | null, timeUnit: 'seconds' | 'rounds' = 'seconds') =>
  new TraceTable({ trace: { file: null, sha256: null, rows: ROWS }, timeUnit, period });

describe('tables of traces', () => {
  it('the next change is that of any device, once in each period, and its begin; in rounds there is none', () => {
    expect([0, 1999, 2000, 4999, 5000].map((ms) => table(null).nextChangeMs(ms))).to.deep.equal([
      2000,
      2000,
      5000,
      5000,
      Number.POSITIVE_INFINITY,
    ]);
    expect([0, 2000, 5000, 5999, 6000, 8000, 65_000].map((ms) => table(6).nextChangeMs(ms))).to.deep.equal([
      2000, 5000, 6000, 6000, 8000, 11_000, 66_000,
    ]);
    expect(table(6, 'rounds').nextChangeMs(0)).to.equal(Number.POSITIVE_INFINITY);
  });

  it('between two changes values stay, and each change is one: at every millisecond of two periods', () => {
    const six = table(6);
    for (let ms = 0; ms < 12_000; ms++) {
      const next = six.nextChangeMs(ms);
      if (next > ms + 1) expect(six.at(0, 0, ms + 1), `${ms}`).to.equal(six.at(0, 0, ms));
      else expect(six.at(0, 0, ms + 1), `${ms}`).to.not.equal(six.at(0, 0, ms));
    }
  });

  it('integrals: 1 x 2 + 3 x 3 + 0 over one period of 6 s, and parts of it', () => {
    for (const [from, to, expected] of [
      [0, 6, 11],
      [0, 12, 22],
      [1, 3, 1 + 3],
      [5.5, 6.5, 0.5],
      [2, 2, 0],
      [7, 20, 1 + 9 + 11 + 2],
    ] as const)
      expect(table(6).integral(0, from, to), `${from} to ${to}`).to.be.closeTo(expected, 1e-12);
    // The last value holds to the end; client 3 follows the second device.
    expect(table(null).integral(0, 4, 50)).to.equal(3);
    expect(table(null).integral(3, 4, 50)).to.equal(92);
  });
});

describe('faults that follow a trace', () => {
  it('bandwidth: up of who sends, down of who receives, between two clients the smaller; 1,000 bytes are 8,000 bits', () => {
    const rows = [
      [0, 0, 8, 4],
      [0, 1, 80, 40],
      [1, 0, 16, 1],
    ];
    const network = networkOf([always(bandwidthTrace({ trace: { rows } }))], { links: [link({ bandwidthMbps: 100 })] });
    const ms = (from: number | 'coordinator', to: number | 'coordinator', arrivesAtMs = 0) => {
      const kind = from === 'coordinator' ? 'model' : to === 'coordinator' ? 'update' : 'iterate';
      return judge(network, kind, frameOf(kind, { from, to, arrivesAtMs }))!.delayMs;
    };
    expect([ms(0, 'coordinator'), ms('coordinator', 0), ms(1, 'coordinator'), ms('coordinator', 1)]).to.deep.equal([
      2, 1, 8, 0.5,
    ]);
    // 4 up and 16 down; 1 up and 8 down; client 2 is of the first device.
    expect([ms(0, 1), ms(1, 0), ms(2, 3)]).to.deep.equal([2, 8, 2]);
    expect([ms(0, 'coordinator', 999), ms(0, 'coordinator', 1000)]).to.deep.equal([2, 0.2]);
    expect(network.firings()).to.deep.equal([9]);
  });

  it('bandwidth: of clients that a rule does not name it is that of the links; of two rules the last one counts', () => {
    const trace = (mbps: number) => ({ trace: { rows: [[0, 0, mbps, mbps]] } });
    const network = networkOf(
      [
        always(bandwidthTrace({ ...trace(4), clients: [0, 1] })),
        during(2, 3, bandwidthTrace({ ...trace(1), clients: [1] })),
      ],
      { links: [link({ bandwidthMbps: 8, latencyMs: 1 })] },
    );
    const ms = (client: number, round: number) =>
      judge(network, 'update', frameOf('update', { from: client, to: 'coordinator', round }))!.delayMs;
    expect([ms(0, 0), ms(1, 0), ms(2, 0)]).to.deep.equal([3, 3, 2]);
    expect([ms(0, 2), ms(1, 2), ms(1, 3)]).to.deep.equal([3, 9, 3]);
    expect(network.firings()).to.deep.equal([5, 1]);
  });

  it('speed: times are divided by it, at the time of the device', () => {
    const rows = [
      [0, 0, 0.5],
      [0, 3, 4],
    ];
    const devices = [{ clients: 'all' as const, msPerExample: 8, msPerRound: 20, nsPerParameterCoded: 4 }];
    const network = networkOf([always(speedTrace({ trace: { rows }, clients: [1] }))], { devices });
    expect(network.deviceTime(1, 0, 2999)).to.deep.equal({ msPerExample: 16, msPerRound: 40, nsPerParameterCoded: 8 });
    expect(network.deviceTime(1, 0, 3000)).to.deep.equal({ msPerExample: 2, msPerRound: 5, nsPerParameterCoded: 1 });
    expect(network.deviceTime(2, 0, 3000)).to.deep.include({ msPerExample: 8, msPerRound: 20, nsPerParameterCoded: 4 });
  });

  it('availability: away where the trace says 0, and the network knows when that may change', () => {
    const rows = [
      [0, 0, 1],
      [0, 2, 0],
      [1, 0, 0],
      [1, 3, 1],
    ];
    const network = networkOf([always(availabilityTrace({ trace: { rows }, clients: [0, 1, 2] }))]);
    const away = (ms: number) => network.scriptedAbsences(0, [0, 1, 2, 3], ms).map(({ from }) => from);
    expect([0, 1999, 2000, 2999, 3000].map(away)).to.deep.equal([[1], [1], [0, 1, 2], [0, 1, 2], [0, 2]]);
    expect([0, 2000, 3000].map((ms) => network.nextChangeMs(ms))).to.deep.equal([2000, 3000, Number.POSITIVE_INFINITY]);
    // Without a time it is that of the begin.
    expect(network.scriptedAbsences(1, [0, 1]).map(({ from }) => from)).to.deep.equal([1]);
  });
});
