import { expect } from 'chai';
import type { FrameRouter } from '../../../coordinator/members/frame-router.js';
import type { MemberLines } from '../../../coordinator/members/member-lines.js';
import { Membership } from '../../../coordinator/members/membership.js';
import { RemoteCrew } from '../../../coordinator/members/remote-crew.js';
import { checkReport } from '../../../coordinator/members/report-check.js';
import { EpochAbandoned } from '../../../coordinator/members/workers-lost.js';
import { noBytes } from '../../../protocol/party/dispatch.js';
import { encodeState } from '../../../protocol/party/state-codec.js';
import { checked, type Done, done } from '../../../protocol/wire/control-messages.js';
import { REPORT } from '../../support/fuzz/messages.js';

/** Four clients, dealt to two workers: 0 and 2 to worker a, 1 and 3 to b. */
function crewOfTwo(stallMs = 1e9, unread: readonly string[] = []) {
  const options = { onLoss: 'replay', silentMs: 1e9, waitMs: 1e9, prepareMs: 1e9 } as const;
  const membership = new Membership(4, 2, options, { epoch: 1, round: 0, nowMs: 0 });
  for (const worker of ['a', 'b']) membership.take({ type: 'join', worker, name: worker, seat: null, nowMs: 0 });
  const waiting = { waits: ['client 1 waits'], computing: false };
  const lines = { notify: () => {}, waits: async () => waiting } as unknown as MemberLines;
  const router = {
    watchUnread: () => {},
    unreadMs: ({ worker }: { worker: string }) => (unread.includes(worker) ? 1e9 : 0),
  } as unknown as FrameRouter;
  const dropped: string[] = [];
  let requests = 0;
  const crew = new RemoteCrew(membership, lines, router, {
    epoch: 1,
    estimateLength: 2,
    stallMs,
    computeMs: stallMs,
    nextRequest: () => ++requests,
    disconnect: ({ worker }, why) => dropped.push(`${worker}: ${why}`),
    own: () => ({ waits: [], computing: false }),
  });
  return { crew, membership, dropped, a: membership.of('a')!, b: membership.of('b')! };
}

const RECORD = { state: { x: 1 }, memories: {}, clockMs: 0, undelivered: [] };
const bytesOf = (value: unknown) => Uint8Array.from(encodeState(value));
const collected = (request: number, client: number, value: unknown) =>
  ({ type: 'collected', request, client, data: bytesOf(value) }) as const;
const all = (request: number) => ({ type: 'collected-all', request }) as const;

describe('what workers answer between rounds', () => {
  it('is taken for the clients that they host, and for no other', async () => {
    const { crew, a, b } = crewOfTwo();
    const records = crew.records('all');
    crew.answer(a, collected(1, 2, RECORD));
    crew.answer(b, collected(1, 1, RECORD));
    for (const client of [1, 4, 4_000_000])
      expect(() => crew.answer(a, collected(1, client, RECORD))).to.throw(
        `ERR_PROTOCOL: an answer for client ${client}, which it does not host`,
      );
    crew.answer(a, all(1));
    // The request is over for a.
    crew.answer(a, collected(1, 0, RECORD));
    crew.answer(b, all(1));
    expect([...(await records).keys()]).to.deep.equal([1, 2]);
    await crew.close();
  });

  it('is refused when it is no record, or when estimates are no vectors of the model', async () => {
    const { crew, a } = crewOfTwo();
    const records = crew.records('all').catch(() => {});
    for (const wrong of [
      5,
      null,
      [],
      {},
      { ...RECORD, clockMs: -1 },
      { ...RECORD, memories: null },
      { ...RECORD, more: 1 },
    ])
      expect(() => crew.answer(a, collected(1, 0, wrong))).to.throw(/^ERR_STATE: client 0: expected a party's record/);
    expect(() => crew.answer(a, { type: 'collected', request: 1, client: 0, data: new Uint8Array(2) })).to.throw(
      'ERR_STATE',
    );
    const estimates = crew.estimates().catch(() => {});
    for (const wrong of [5, {}, [1], [Float64Array.of(1)], [Float64Array.of(1, 2, 3)], [Int32Array.of(1, 2)]])
      expect(() => crew.answer(a, collected(2, 0, wrong))).to.throw(
        /^ERR_STATE: estimates of client 0: expected vectors of 2/,
      );
    crew.answer(a, collected(2, 0, [Float64Array.of(1, 2), Float32Array.of(1, 2)]));
    await crew.close();
    await Promise.all([records, estimates]);
  });
});

describe('a report', () => {
  const hosts = (party: unknown) => party === 1;
  const report = (more: object) => {
    const [party] = REPORT.parties;
    return checked(done, { ...REPORT, parties: [{ ...party, unused: [], ...more }] }, 'report');
  };

  it('is taken as the schema has it', () => {
    checkReport(report({}), hosts, 2);
  });

  it('measures what a half may measure: names on one line that are no column of every run', () => {
    for (const name of ['loss', 'round', '', 'a\nb', 'x'.repeat(201)])
      expect(() => checkReport(report({ measures: [[name, 1]] }), hosts, 2)).to.throw(
        'ERR_PROTOCOL: measures of party 1',
      );
    const many = Array.from({ length: 257 }, (_, i) => [`m${i}`, 1]);
    expect(() => checkReport(report({ measures: many }), hosts, 2)).to.throw('ERR_PROTOCOL: measures of party 1');
  });

  it('counts each fault of the scenario once', () => {
    const firings = (counts: readonly number[]) => checked(done, { ...report({}), firings: counts }, 'report');
    checkReport(firings([3, 0]), hosts, 2);
    expect(() => checkReport(firings([3, 0, 1]), hosts, 2)).to.throw(
      'ERR_PROTOCOL: firings: expected at most 2, one a fault, got 3',
    );
  });

  it('releases what a theorem covers', () => {
    const [release] = REPORT.parties[0]!.ledger;
    const ledger = [{ ...release, adjacency: 'replace-one', sampling: 0.5 }];
    expect(() => checkReport(report({ ledger }), hosts, 2)).to.throw('ERR_PRIVACY');
  });
});

describe('a client that the run does not have', () => {
  it('is hosted by no one', () => {
    const { membership } = crewOfTwo();
    expect(membership.host(3)?.worker).to.equal('b');
    expect(membership.host(4)).to.equal(undefined);
  });
});

describe('a round whose workers have all reported, while the coordinator still waits for what they sent', () => {
  const plan = {
    index: 3,
    attempt: 0,
    cohort: [0, 1, 2, 3],
    absent: [],
    forgotten: [],
    inclusion: 1,
    startMs: 0,
  } as const;
  const report = { epoch: 1, index: 3, attempt: 0, parties: [], absences: [], firings: [], tensorCounts: [0] };

  async function reportedRound(stallMs?: number) {
    const { crew, a, b } = crewOfTwo(stallMs);
    const stopped: string[] = [];
    const begun = crew.begin(plan as never, (error) => stopped.push(error.message));
    for (const { worker, generation } of [a, b])
      crew.done(worker, { ...report, generation, bytes: noBytes() } as unknown as Done);
    await begun;
    return { crew, a, stopped };
  }

  it('is stopped when the run goes back to its checkpoint', async () => {
    const { crew, stopped } = await reportedRound();
    crew.abandon(new EpochAbandoned(2, 'worker b left'));
    expect(stopped).to.deep.equal(['ERR_WORKER_LOST: worker b left']);
  });

  it('is stopped when a worker is lost and its clients are absent from then on', async () => {
    const { crew, a, stopped } = await reportedRound();
    crew.lost(a, 'it left');
    expect(stopped).to.deep.equal(['ERR_WORKER_LOST: worker-0 (a) was lost: it left; it hosted 2 clients']);
    await crew.close();
  });

  it('is stopped when nothing moves for the stall limit', async () => {
    const { crew, stopped } = await reportedRound(200);
    while (stopped.length === 0) await new Promise((resolve) => setTimeout(resolve, 20));
    expect(stopped[0]).to.match(/^ERR_STALLED: round 3: nothing moved for workers\.\w+ = 200 ms/);
    await crew.close();
  });

  it('is not stopped for a worker that left unread what it was sent: that one loses its seat', async () => {
    const { crew, dropped } = crewOfTwo(200, ['b']);
    const stopped: string[] = [];
    void crew.begin(plan as never, (error) => stopped.push(error.message)).catch(() => {});
    while (dropped.length === 0) await new Promise((resolve) => setTimeout(resolve, 20));
    expect(dropped).to.deep.equal(['b: it does not read what it is sent']);
    expect(stopped).to.deep.equal([]);
    await crew.close();
  });

  it('is not stopped once it is settled', async () => {
    const { crew, stopped } = await reportedRound();
    crew.settle({ round: 3, attempt: 0, abandoned: false, voided: [], undelivered: [] }, [0, 1, 2, 3]);
    crew.abandon(new EpochAbandoned(2, 'worker b left'));
    expect(stopped).to.deep.equal([]);
  });
});
