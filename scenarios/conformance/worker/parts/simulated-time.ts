import { type Case, equal, required } from '../../case.js';
import type { Coordinator } from '../../script/coordinator.js';
import type { ScriptedRun } from '../../script/run.js';

const section = 'Simulated time';

/** The simulated arrival of the next gradient of client 0. */
async function arrival(run: ScriptedRun): Promise<number> {
  return (await required('a gradient', 'sgd posts', run.frameOf(0))).arrivesAtMs;
}

/** Cases of the chapter on rounds. */
export const SIMULATED_TIME: readonly Case<Coordinator>[] = [
  {
    id: '6.4.1',
    title: 'begins a client’s clock at the round’s start, if that is later',
    section,
    async run(it) {
      const run = await it.running();
      run.begin({ cohort: [0], startMs: 1000 });
      run.model([1, 2, 3], { arrivesAtMs: 40 });
      const arrivesAtMs = await arrival(run);
      // 1000, 3 for the round, 2 for each of 4 examples, 5 on the link.
      equal(arrivesAtMs, 1016, 'the later of its own clock and startMs');
      const [party] = (await run.done()).parties as { clockMs: number }[];
      equal(party?.clockMs, 1011, 'the clock without the link');
    },
  },
  {
    id: '6.4.2',
    title: 'moves a client’s clock to the arrival of what it used',
    section,
    async run(it) {
      const run = await it.running();
      run.begin({ cohort: [0] });
      run.model([1, 2, 3], { arrivesAtMs: 100.5 });
      equal(await arrival(run), 116.5, 'the latest arrival of the frames used');
    },
  },
  {
    id: '6.4.3',
    title: 'keeps a client’s clock from round to round',
    section,
    async run(it) {
      const run = await it.running();
      await run.round(0, [1, 2, 3], { cohort: [0] });
      run.settle({ cohort: [0] });
      run.begin({ cohort: [0], index: 1 });
      run.model([1, 2, 3], { round: 1 });
      await run.frameOf(0);
      // 11 of the first round, 11 of this one, 5 on the link.
      equal(await arrival(run), 27, 'its clock was 11 after the first round');
    },
  },
  {
    id: '6.4.4',
    title: 'delays a frame by its bytes on the wire where the link has a bandwidth',
    section,
    async run(it) {
      const run = await it.running({ links: [{ latencyMs: 5, bandwidthMbps: 0.1, jitterMs: 0 }] });
      run.begin({ cohort: [0] });
      run.model([1, 2, 3], { to: 0 });
      // 94 bytes · 8 / (0.1 · 1000) = 7.52.
      equal(await arrival(run), 11 + (5 + (94 * 8) / (0.1 * 1000)), 'latency and bytes on the wire');
    },
  },
  {
    id: '6.4.5',
    title: 'begins the clock of a client that returns at the time that the plan gives, and no other’s',
    section,
    async run(it) {
      const run = await it.running();
      run.begin({ cohort: [0], returned: { clients: [0], atMs: 500 } });
      run.model([1, 2, 3]);
      // 500, 11 for the round and its examples, 5 on the link.
      equal(await arrival(run), 516, 'the later of its own clock and atMs');
      await run.done();
      run.settle({ cohort: [0] });
      run.begin({ cohort: [0], index: 1, returned: { clients: [1], atMs: 9000 } });
      run.model([1, 2, 3], { round: 1 });
      equal(await arrival(run), 527, 'its own clock: another client returns');
    },
  },
];
