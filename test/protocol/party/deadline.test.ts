import { expect } from 'chai';
import type { Network } from '../../../protocol/party/dispatch.js';
import { decodeRecord } from '../../../protocol/party/record.js';
import { localPlacement } from '../../../scenarios/check/parts/placements.js';
import { resolveTiny } from '../../../scenarios/check/parts/tiny-problems.js';
import { runTiny } from '../../../scenarios/check/parts/tiny-run.js';
import { resolved } from '../../support/scripted-run.js';
import {
  type LooseState,
  SMALL_KINDS,
  smallMethod,
  updateClient,
  updateCoordinator,
} from '../../support/small-methods.js';

/** Client i's uplink takes 10 i + 1 simulated milliseconds, its downlink 5. */
const slowLinks: Network = {
  passage: ({ from }) => ({
    delayMs: from === 'coordinator' ? 5 : 10 * from + 1,
    lost: null,
    duplicated: false,
    heldMs: 0,
    corruptedBit: null,
  }),
};
const method = smallMethod(SMALL_KINDS, updateClient, updateCoordinator);

/** Two exchanges a round. */
const twice = smallMethod(
  SMALL_KINDS,
  async (_state, at) => {
    for (let exchange = 0; exchange < 2; exchange++) {
      await at.take('model');
      at.post('update', 'coordinator', { delta: at.zeros(), examples: 1 });
    }
    return {};
  },
  async ({ x }, at) => {
    for (let exchange = 0; exchange < 2; exchange++) {
      at.post('model', at.cohort, { params: x });
      await at.take('update');
    }
    return {};
  },
);

async function run(participation: object, more: object = {}) {
  const scenario = await resolveTiny(method, {
    objective: { name: 'quadratic', dimension: 2 },
    rounds: 2,
    devices: [{ clients: 'all', msPerExample: 2 }],
    participation,
    ...more,
  });
  const done = await runTiny(scenario, method, { placement: localPlacement('slow', 'fast', null, slowLinks) });
  return {
    late: done.absences.filter(({ round }) => round === 0).map(({ from, why }) => `${from} ${why}`),
    simulatedMs: done.result.simulatedMs,
    rounds: [0, 1, 2, 3, 4, 5].map(
      (client) => (decodeRecord(client, done.result.records.get(client)!).state as LooseState).rounds,
    ),
  };
}

describe('a deadline in simulated time', () => {
  it('is not there: the coordinator waits for the slowest, 5 + 2 + 51 ms a round', async () => {
    expect(await run({})).to.deep.equal({ late: [], simulatedMs: 2 * 58, rounds: [2, 2, 2, 2, 2, 2] });
  });

  it('of 28 ms from the last post takes answers that arrive by then, and voids the rounds of the others', async () => {
    // Client i's answer arrives at 8 + 10 i ms: client 2's at exactly 28.
    expect(await run({ deadlineMs: 28 })).to.deep.equal({
      late: ['3 late', '4 late', '5 late'],
      simulatedMs: 2 * 28,
      rounds: [2, 2, 2, 0, 0, 0],
    });
  });

  it('gives way to a quorum: with 5 demanded it waits until the fifth is there, at 48 ms', async () => {
    const { late, simulatedMs } = await run({ deadlineMs: 28, quorum: { count: 5 } });
    expect(late).to.deep.equal(['5 late']);
    expect(simulatedMs).to.equal(2 * 48);
  });

  it('is not cut short by a quorum: with 1 demanded it still takes all that arrive by 28 ms', async () => {
    const { late, simulatedMs } = await run({ deadlineMs: 28, quorum: { count: 1 } });
    expect(late).to.deep.equal(['3 late', '4 late', '5 late']);
    expect(simulatedMs).to.equal(2 * 28);
  });

  it('counts for each exchange from its own post, not from the start of the round', async () => {
    const scenario = await resolveTiny(twice, {
      objective: { name: 'quadratic', dimension: 2 },
      rounds: 1,
      clients: 3,
      participation: { deadlineMs: 30 },
    });
    const done = await runTiny(scenario, twice, { placement: localPlacement('slow', 'fast', null, slowLinks) });
    // 5 + 21 ms an exchange; the second ends after 52 ms, 26 after its own post.
    expect(done.absences).to.deep.equal([]);
    expect(done.result.simulatedMs).to.equal(52);
  });

  it('counts from the start of a round in which the coordinator has not sent anything yet, also after a resume', async () => {
    const uplinkFirst = smallMethod(
      SMALL_KINDS,
      async (_state, at) => {
        at.post('update', 'coordinator', { delta: at.zeros(), examples: 1 });
        await at.take('model');
        return {};
      },
      async ({ x, note }, at) => {
        const { length } = await at.take('update');
        at.post('model', at.cohort, { params: x });
        return { note: [...note, length] };
      },
    );
    const scenario = await resolveTiny(uplinkFirst, {
      objective: { name: 'quadratic', dimension: 2 },
      rounds: 4,
      participation: { deadlineMs: 28 },
      checkpoints: { everyRounds: 2 },
    });
    const placement = localPlacement('slow', 'fast', null, slowLinks);
    const whole = await runTiny(scenario, uplinkFirst, { placement });
    // Client i's answer arrives 10 i + 1 ms after the round's start; from the second round on, 5 more: the model arrives then.
    const server = decodeRecord('coordinator', whole.result.records.get('coordinator')!).state as LooseState;
    expect(server.note).to.deep.equal([3, 3, 3, 3]);
    const resumed = await runTiny(scenario, uplinkFirst, { placement, from: whole.snapshots[0]! });
    expect(resumed.digest).to.equal(whole.digest);
  });
});

describe('the first answers of a round', () => {
  it('three of six: it ends when the third is there, at 5 + 2 + 21 ms, and voids the rounds of the others', async () => {
    expect(await run({ first: 3 })).to.deep.equal({
      late: ['3 late', '4 late', '5 late'],
      simulatedMs: 2 * 28,
      rounds: [2, 2, 2, 0, 0, 0],
    });
  });

  it('all six: as without', async () => {
    expect(await run({ first: 6 })).to.deep.equal(await run({}));
  });

  it('of those that arrive at once the lower indices', async () => {
    const placement = localPlacement('equal', 'fast', null, {
      passage: () => ({ delayMs: 5, lost: null, duplicated: false, heldMs: 0, corruptedBit: null }),
    });
    const scenario = await resolveTiny(method, {
      objective: { name: 'quadratic', dimension: 2 },
      rounds: 1,
      participation: { first: 4 },
    });
    const { absences } = await runTiny(scenario, method, { placement });
    expect(absences.map(({ from, why }) => `${from} ${why}`)).to.deep.equal(['4 late', '5 late']);
  });

  it('and a deadline: what comes first ends the round; a quorum lets it wait beyond the deadline', async () => {
    // Answers arrive 8, 18, ..., 58 ms after the post.
    expect((await run({ first: 3, deadlineMs: 20 })).simulatedMs).to.equal(2 * 20);
    expect((await run({ first: 3, deadlineMs: 40 })).simulatedMs).to.equal(2 * 28);
    expect((await run({ first: 3, deadlineMs: 10, quorum: { count: 3 } })).simulatedMs).to.equal(2 * 28);
  });

  it('fewer that answer than are waited for: all of them count', async () => {
    const half: Network = {
      passage: (frame, ...more) =>
        frame.from === 'coordinator' || frame.from < 2
          ? slowLinks.passage(frame, ...more)
          : { delayMs: 5, lost: 'dropped', duplicated: false, heldMs: 0, corruptedBit: null },
    };
    const scenario = await resolveTiny(method, {
      objective: { name: 'quadratic', dimension: 2 },
      rounds: 1,
      participation: { first: 4 },
    });
    const done = await runTiny(scenario, method, { placement: localPlacement('half', 'fast', null, half) });
    expect(done.absences.map(({ from, why }) => `${from} ${why}`)).to.deep.equal(
      [2, 3, 4, 5].map((i) => `${i} dropped`),
    );
    expect(done.result.simulatedMs).to.be.finite;
  });

  it('a client that is late in one exchange of a round is late in the others', async () => {
    // In the second exchange client 0 would be the slowest.
    const changing: Network = {
      passage: ({ from, step }) => ({
        delayMs: from === 'coordinator' ? 5 : step === 0 ? 10 * from + 1 : 100 - 10 * from,
        lost: null,
        duplicated: false,
        heldMs: 0,
        corruptedBit: null,
      }),
    };
    const scenario = await resolveTiny(twice, {
      objective: { name: 'quadratic', dimension: 2 },
      rounds: 1,
      clients: 4,
      participation: { first: 2 },
    });
    const done = await runTiny(scenario, twice, { placement: localPlacement('changing', 'fast', null, changing) });
    expect(done.absences.map(({ from, why }) => `${from} ${why}`)).to.deep.equal([
      '2 late',
      '2 late',
      '3 late',
      '3 late',
    ]);
    // 5 + 11, then 5 + 100: the slower of clients 0 and 1.
    expect(done.result.simulatedMs).to.equal(16 + 105);
  });

  it('under a private method: refused, since one client more displaces another', async () => {
    const input = {
      name: 'x',
      method: 'dp-fedavg',
      data: 'gaussian-clusters',
      clients: 6,
      participation: { first: 3 },
    };
    const problem = await resolved(input).catch((error: Error) => error.message);
    expect(problem).to.match(/participation\.first: expected null with 'dp-fedavg': .* displace .* got 3/);
  });

  it('more than the cohort, fewer than the quorum, or real time: refused by name', async () => {
    const refusal = (participation: object, more: object = {}) =>
      resolveTiny(method, { participation, ...more }).then(
        () => 'accepted',
        (error: Error) => error.message,
      );
    expect(await refusal({ first: 7 })).to.match(/participation\.first: expected at most the cohort of 6, got 7/);
    expect(await refusal({ first: 2, quorum: { count: 3 } })).to.match(
      /participation\.quorum\.count: expected at most participation\.first = 2, got 3/,
    );
    expect(await refusal({ first: 2 }, { clock: 'wall' })).to.match(
      /participation\.first: expected null under the clock 'wall'/,
    );
    expect(await refusal({ first: 0 })).to.match(/participation\.first: expected /);
  });
});
