import { type Case, equal, expected, required } from '../../case.js';
import type { Coordinator } from '../../script/coordinator.js';
import { pause } from '../../script/inbox.js';
import { reported, type ScriptedRun } from '../../script/run.js';

const section = 'Deadlines';

/** Of a half that begins at 0: 3 for the round and 2 for each of 4 examples; its gradient travels for 5 more. */
const HALF_MS = 11;
const LINK_MS = 5;

/** Of real time. */
const WALL_MS = 300;

/** The simulated arrival of client 0’s gradient in a round, whose model is there at its start. */
async function arrival(run: ScriptedRun, index: number, startMs = 0): Promise<number> {
  run.begin({ index, cohort: [0], startMs });
  run.model([1, 2, 3], { round: index });
  const frame = await required(
    `a gradient of round ${index}`,
    'a client that was late takes part in the next round',
    run.frames.frame((one) => one.from === 0 && one.round === index, 15_000),
  );
  return frame.arrivesAtMs;
}

/** The coordinator’s half was done without client 0. */
function stop(run: ScriptedRun): void {
  run.send('abort', { index: 0, attempt: 0, clients: [0] });
}

function voided(run: ScriptedRun, cohort: readonly number[]): void {
  run.settle({ cohort, voided: [0] });
}

/** Cases of the chapter on rounds. */
export const DEADLINES: readonly Case<Coordinator>[] = [
  {
    id: '6.5.1',
    title: 'judges no deadline: a gradient is sent with its arrival, however late that is',
    section,
    async run(it) {
      const run = await it.running({ participation: { deadlineMs: 1 } });
      run.begin({ cohort: [0] });
      run.model([1, 2, 3]);
      const { lost, arrivesAtMs, messages } = await required('a gradient', 'sgd posts once', run.frameOf(0));
      equal(
        { lost, arrivesAtMs, messages },
        { lost: 0, arrivesAtMs: HALF_MS + LINK_MS, messages: 1 },
        'the coordinator alone says who is late',
      );
    },
  },
  {
    id: '6.5.2',
    title: 'runs no half of a client that was stopped when its model comes after all',
    section,
    async run(it) {
      const run = await it.running();
      run.begin();
      stop(run);
      await run.waits();
      run.model([1, 2, 3], { to: 2 });
      await run.done();
      run.model([1, 2, 3]);
      voided(run, [0, 2]);
      equal(await arrival(run, 1), HALF_MS + LINK_MS, 'a half that was stopped has spent no time');
      const early = run.frames.received.take((item) => item.type === 'frame' && item.round === 0 && item.from === 0);
      equal(early.length, 0, 'nothing more is sent for a half that was stopped');
    },
  },
  {
    id: '6.5.3',
    title: 'keeps the time of a half that had returned before it was stopped',
    section,
    async run(it) {
      const run = await it.running();
      run.begin();
      run.model([1, 2, 3]);
      await run.frameOf(0);
      await run.sealOf(0);
      stop(run);
      run.model([1, 2, 3], { to: 2 });
      await required('a report', 'client 2 was not stopped', run.done());
      voided(run, [0, 2]);
      equal(await arrival(run, 1), 2 * HALF_MS + LINK_MS, 'the clock is that of the attempt');
    },
  },
  {
    id: '6.5.4',
    title: 'begins the next round at its own clock, where that is later than the deadline it missed',
    section,
    async run(it) {
      const run = await it.running({ participation: { deadlineMs: 10 } });
      await run.round(0, [1, 2, 3], { cohort: [0] });
      voided(run, [0]);
      // The coordinator continued at 10, the client at 11.
      equal(await arrival(run, 1, 10), 2 * HALF_MS + LINK_MS, 'the later of its own clock and startMs');
    },
  },
  {
    id: '6.5.5',
    title: 'reports the next round of a client that was late, and has its record',
    section,
    async run(it) {
      const run = await it.running();
      run.begin();
      stop(run);
      run.model([1, 2, 3], { to: 2 });
      await run.done();
      voided(run, [0, 2]);
      run.begin({ index: 1 });
      for (const to of [0, 2]) run.model([1, 2, 3], { round: 1, to });
      const { parties } = await required('a report of round 1', 'one report for each begin', run.done());
      const clients = (parties as { party: number }[]).map(({ party }) => party).sort();
      equal(clients, [0, 2], 'a client that was late is in the next report');
      run.settle({ round: 1 });
      const records = await run.collected(1, 'records');
      expected(records.has(0), 'a record of client 0', [...records.keys()], 'it has taken part');
    },
  },
  {
    id: '6.5.6',
    title: 'waits for its model beyond a deadline of the wall clock, and posts when it is there',
    section,
    async run(it) {
      const run = await it.running({ clock: 'wall', participation: { deadlineMs: WALL_MS } });
      run.begin({ cohort: [0] });
      await pause(4 * WALL_MS);
      run.model([1, 2, 3]);
      const { messages } = await required('a gradient', 'the coordinator alone judges who is late', run.frameOf(0));
      equal(messages, 1, 'a client posts whenever it is ready');
      const { absences } = await required('a report', 'one for each begin', run.done());
      equal(absences, [], 'nothing was absent');
    },
  },
  {
    id: '6.5.7',
    title: 'continues when the wall clock of its coordinator has ended the wait for one of its clients',
    section,
    async run(it) {
      const run = await it.running({ clock: 'wall', participation: { deadlineMs: WALL_MS } });
      run.begin();
      run.model([1, 2, 3], { to: 2 });
      await run.frameOf(2);
      await pause(WALL_MS);
      stop(run);
      const done = await required('a report of client 2', 'a half that was stopped is not reported', run.done());
      equal(reported(done), [2], 'client 2 alone');
      run.model([1, 2, 3]);
      voided(run, [0, 2]);
      await arrival(run, 1);
      const early = run.frames.received.take((item) => item.type === 'frame' && item.round === 0 && item.from === 0);
      equal(early.length, 0, 'nothing more is sent for a half that was stopped');
    },
  },
];
