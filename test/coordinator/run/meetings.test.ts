import { expect } from 'chai';
import { Meetings } from '../../../coordinator/run/meetings.js';
import type { ClientIndex } from '../../../protocol/method.js';
import { rootStream } from '../../../protocol/numerics/random.js';
import { noCodingCosts } from '../../../protocol/party/coding-cost.js';
import type { PartyReport } from '../../../protocol/party/party-report.js';
import type { RoundPlan } from '../../../protocol/wire/seal.js';

const streams = rootStream(4, 'float64');

interface Setting {
  readonly neighbors: readonly (readonly ClientIndex[])[];
  readonly away?: (round: number) => readonly ClientIndex[];
}

function meetingsOn({ neighbors, away = () => [] }: Setting): Meetings {
  const host = {
    linksOf: (client: ClientIndex) => ({ outNeighbors: neighbors[client]! }),
    sharedStream: (round: number) => streams.derive('shared', round),
  };
  return new Meetings({
    scenario: { clients: neighbors.length },
    site: { host },
    scriptedAbsences: (round: number) => away(round).map((from) => ({ from, why: 'crashed' })),
    forgotten: () => [],
  } as never);
}

/** Both have met `linkMs` after the meeting began; the next gradient of a ready client takes its `gradientMs`. */
function reports({ cohort, ready, startMs }: RoundPlan, gradientMs: readonly number[], linkMs = 0): PartyReport[] {
  return cohort.map((party) => {
    const metMs = startMs + (cohort.length === 2 ? linkMs : 0);
    const clockMs = ready!.includes(party) ? metMs + gradientMs[party]! : metMs;
    return { party, clockMs, metMs, measures: [], unusedMessages: [], unused: [], ledger: [], coding: noCodingCosts() };
  });
}

/** [ready clients, cohort, begins, ends] of so many meetings. */
function history(meetings: Meetings, rounds: number, gradientMs: readonly number[], linkMs = 0) {
  return Array.from({ length: rounds }, (_, round) => {
    const plan = meetings.plan(round, 0, 0);
    const [endMs] = meetings.held(plan, reports(plan, gradientMs, linkMs));
    return [plan.ready, plan.cohort, plan.startMs, endMs];
  });
}

describe('who meets next', () => {
  it('it is the client whose gradient is finished first, and being met holds up no gradient', () => {
    const meetings = meetingsOn({ neighbors: [[1], [0]] });
    // Client 1 is met at 10, 20 and 30 ms, and is ready at 35 all the same.
    expect(history(meetings, 6, [10, 35])).to.deep.equal([
      [[0, 1], [0, 1], 0, 0],
      [[0], [0, 1], 10, 10],
      [[0], [0, 1], 20, 20],
      [[0], [0, 1], 30, 30],
      [[1], [0, 1], 35, 35],
      [[0], [0, 1], 40, 40],
    ]);
  });

  it('a client that is met by another waits until that meeting is over: its model is averaged whole', () => {
    const meetings = meetingsOn({ neighbors: [[2], [2], [0]] });
    expect(history(meetings, 3, [10, 12, 500], 5)).to.deep.equal([
      [[0, 1, 2], [0, 1, 2], 0, 0],
      [[0], [0, 2], 10, 15],
      [[1], [1, 2], 15, 20],
    ]);
  });

  it('on a circle of clients that all want the next one no client waits without end, and of equal times the oldest gradient is first', () => {
    const meetings = meetingsOn({ neighbors: [[1], [2], [0]] });
    const ready = history(meetings, 7, [10, 10, 10], 3)
      .slice(1)
      .map(([first]) => first);
    expect(ready).to.deep.equal([[0], [1], [2], [0], [1], [2]]);
    const timeless = history(meetingsOn({ neighbors: [[1], [2], [0]] }), 7, [0, 0, 0]).slice(1);
    expect(timeless.map(([first]) => first)).to.deep.equal([[0], [1], [2], [0], [1], [2]]);
  });

  it('partners are drawn uniformly from the neighbours that are there, by the stream of the round alone', () => {
    const neighbors = [[0, 1, 2, 3, 4], [0], [0], [0], [0]];
    const meetings = meetingsOn({ neighbors, away: () => [3] });
    const counts = [0, 0, 0, 0, 0];
    for (let round = 1; round <= 3000; round++) {
      const plan = meetings.plan(round, 0, 0);
      expect(meetings.plan(round, 1, 0)).to.deep.equal({ ...plan, attempt: 1 });
      expect(plan.ready).to.deep.equal([0]);
      counts[plan.cohort[1]!]!++;
    }
    expect(counts[0]! + counts[3]!).to.equal(0);
    for (const client of [1, 2, 4]) expect(counts[client]).to.be.within(920, 1080);
  });

  it('a client without a neighbour that is there continues by itself; one that comes back is not in the past', () => {
    const meetings = meetingsOn({ neighbors: [[1], [0]], away: (round) => (round < 4 ? [1] : []) });
    expect(history(meetings, 6, [10, 10])).to.deep.equal([
      [[0], [0], 0, 0],
      [[0], [0], 10, 10],
      [[0], [0], 20, 20],
      [[0], [0], 30, 30],
      [[1], [0, 1], 30, 30],
      [[0], [0, 1], 40, 40],
    ]);
  });

  it('while everyone is away time passes, and no meeting is before its end', () => {
    const meetings = meetingsOn({ neighbors: [[1], [0]], away: (round) => (round === 1 ? [0, 1] : []) });
    history(meetings, 1, [10, 10]);
    const idle = meetings.plan(1, 0, 0);
    expect(idle).to.deep.include({ cohort: [0, 1], ready: [] });
    expect(idle.absent).to.have.length(2);
    expect(meetings.held(idle, [])).to.deep.equal([0]);
    meetings.waited(idle, [0, 250]);
    expect(meetings.plan(2, 0, 0).startMs).to.equal(250);
  });

  it('its state is all that the next meetings follow from', () => {
    const setting = {
      neighbors: [
        [1, 2],
        [0, 2],
        [0, 1],
      ],
    };
    const [whole, resumed] = [meetingsOn(setting), meetingsOn(setting)];
    history(whole, 5, [10, 25, 7], 2);
    resumed.restore(JSON.parse(JSON.stringify(whole.state)));
    for (let round = 5; round < 12; round++) {
      const plan = whole.plan(round, 0, 0);
      expect(resumed.plan(round, 0, 0)).to.deep.equal(plan);
      for (const each of [whole, resumed]) each.held(plan, reports(plan, [10, 25, 7], 2));
    }
  });
});
