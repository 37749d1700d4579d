import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect } from 'chai';
import type { AnyMethod } from '../../../protocol/method.js';
import sgd from '../../../protocol/methods/federated/sgd.js';
import { encodeRecord, restingClockMs, restingRecord } from '../../../protocol/party/record.js';
import { RestingClients } from '../../../protocol/party/resting-clients.js';
import { encodeState } from '../../../protocol/party/state-codec.js';
import { resolveTiny } from '../../../scenarios/check/parts/tiny-problems.js';
import { runTiny } from '../../../scenarios/check/parts/tiny-run.js';
import { openProblem } from '../../../worker/problem.js';

/** Of a client that a run with many clients visits: what is alive afterwards. Each had about 2,000 bytes; what the test keeps and compiled code take up to 150. */
const MOST_BYTES_A_CLIENT = 400;

const MANY = {
  objective: { name: 'quadratic', dimension: 10 },
  data: 'none',
  clients: 60_000,
  rounds: 25,
  participation: { cohort: 2000 },
  checkpoints: { everyRounds: null },
} as const;

describe('clients that rest', () => {
  it('give back the record that holds a clock alone, and take no other', () => {
    const resting = new RestingClients(5);
    expect(resting.add(3, restingRecord(7.25))).to.equal(true);
    expect(resting.add(1, restingRecord(0))).to.equal(true);
    for (const record of [
      { ...restingRecord(1), state: {} },
      { ...restingRecord(1), state: 0 },
      { ...restingRecord(1), memories: { 'update/delta/': 1 } },
      { ...restingRecord(1), undelivered: [{ kind: 'x', step: 0, to: 2 }] },
      { ...restingRecord(1), probes: [] },
    ])
      expect(resting.add(2, record)).to.equal(false);
    expect([...resting]).to.deep.equal([1, 3]);
    expect(resting.record(3)).to.deep.equal(restingRecord(7.25));
    expect(resting.record(2)).to.equal(null);
    expect(resting.take(3)).to.deep.equal(restingRecord(7.25));
    expect(resting.take(3)).to.equal(null);
    expect([...resting]).to.deep.equal([1]);
  });

  it('are known by their bytes: those of any clock, and no other record or data', () => {
    for (const clockMs of [0, 1, 0.1, 2 ** 52, 1e300])
      expect(restingClockMs(encodeRecord(4, restingRecord(clockMs)))).to.equal(clockMs);
    expect(restingClockMs(encodeRecord(4, { ...restingRecord(3), state: false }))).to.equal(null);
    expect(restingClockMs(encodeRecord(4, { ...restingRecord(3), memories: { a: 1 } }))).to.equal(null);
    expect(restingClockMs(encodeState({ x: 1 }))).to.equal(null);
    expect(restingClockMs(encodeState(null))).to.equal(null);
  });

  it(`of a run with 60,000 clients leave at most ${MOST_BYTES_A_CLIENT} bytes each behind, and at most 4,096 parties; all have their records`, async function () {
    this.timeout(60_000);
    setFlagsFromString('--expose-gc');
    const collectGarbage = runInNewContext('gc') as () => void;
    const method = sgd as unknown as AnyMethod;
    const scenario = await resolveTiny(method, MANY);
    const problem = await openProblem(scenario);
    const seen: number[] = [];
    const bytes: number[] = [];
    let parties = 0;
    const { result, entries } = await runTiny(scenario, method, {
      problem,
      watch: ({ round }, { site }) => {
        if (round !== 12 && round !== 25) return;
        seen.push(site.clientsSeen().length);
        parties = site.clientsSeen().filter((client) => site.partyAtHand(client)).length;
        collectGarbage();
        bytes.push(process.memoryUsage().heapUsed);
      },
    });
    const [before, after] = seen as [number, number];
    // Enough for all that is kept of the first clients.
    expect(before).to.be.above(17_000);
    expect((bytes[1]! - bytes[0]!) / (after - before)).to.be.below(MOST_BYTES_A_CLIENT);
    expect(parties).to.be.within(4000, 4096 + 2000);
    const invited = new Set(entries.flatMap(({ cohort }) => cohort));
    expect(invited.size).to.equal(after);
    expect(result.records.size).to.equal(after + 1);
    for (const client of invited)
      expect(restingClockMs(result.records.get(client)!), `clock of client ${client}`).to.be.above(0);
  });
});
