import { type Chapter, equal, expected, required } from '../case.js';
import type { Coordinator } from '../script/coordinator.js';
import { bodyOf, doubles, frameOf } from '../script/frames.js';
import { modelBody, reported, type ScriptedRun, SGD } from '../script/run.js';
import { DEADLINES } from './parts/deadlines.js';
import { SIMULATED_TIME } from './parts/simulated-time.js';

const section = 'Rounds';

/** What `sgd` answers to a model: its gradient 2 x, of four examples. */
const gradientOf = (...params: number[]) => bodyOf([doubles(...params.map((x) => 2 * x))], [4]);

/** The gradient that the worker sends for client 0 in this round is that of these parameters. */
async function answers(run: ScriptedRun, params: readonly number[], why: string): Promise<void> {
  const { body } = await required('a gradient', why, run.frameOf(0));
  equal(body, gradientOf(...params), why);
}

export default {
  title: '6 Rounds',
  cases: [
    {
      id: '6.1.1',
      title: 'runs a half for each of its clients in the cohort, and for no other',
      section,
      async run(it) {
        const run = await it.running();
        run.begin({ cohort: [1, 2] });
        run.model([1, 2, 3], { to: 2 });
        const report = await required('a report', 'client 2 is in the cohort', run.done());
        equal(reported(report), [2], 'client 0 is not in the cohort');
      },
    },
    {
      id: '6.1.2',
      title: 'runs no half of a client that is absent',
      section,
      async run(it) {
        const run = await it.running();
        run.begin({ cohort: [0, 2], absent: [{ from: 0, why: 'crashed' }] });
        run.model([1, 2, 3], { to: 2 });
        const report = await required('a report', 'client 2 is not absent', run.done());
        equal(reported(report), [2], 'client 0 is absent');
      },
    },
    {
      id: '6.1.3',
      title: 'reports a round in which none of its clients has a half to run',
      section,
      async run(it) {
        const run = await it.running();
        run.begin({ cohort: [1], forgotten: [0] });
        const { parties } = await required('a report', 'one report for each begin', run.done());
        equal(parties, [], 'no client of this worker ran');
      },
    },
    {
      id: '6.1.4',
      title: 'posts as step 0 of the round’s attempt',
      section,
      async run(it) {
        const run = await it.running();
        run.begin({ cohort: [0], index: 3, attempt: 2 });
        run.model([1, 2, 3], { round: 3, attempt: 2 });
        const { round, step, attempt, to } = await required('a gradient', 'sgd posts once', run.frameOf(0));
        equal({ round, step, attempt, to }, { round: 3, step: 0, attempt: 2, to: -1 }, 'address of the frame');
      },
    },
    {
      id: '6.1.5',
      title: 'seals a half that has returned: how many steps of each kind, after its frames',
      section,
      async run(it) {
        const run = await it.running();
        run.begin({ cohort: [0], index: 1, attempt: 1 });
        run.model([1, 2, 3], { round: 1, attempt: 1 });
        const seal = await required('a seal', 'a half that returns is sealed', run.sealOf(0));
        const before = run.frames.received.take(({ type }) => type === 'frame');
        expected(
          before.length === 1,
          'the gradient before the seal',
          `${before.length} frames`,
          'after all frames of the half',
        );
        equal(
          seal,
          { round: 1, attempt: 1, from: 0, counts: [1, 0, 0, 0], to: ['coordinator'] },
          'one gradient, for the coordinator',
        );
      },
    },
    {
      id: '6.1.6',
      title: 'plays rounds one after the other',
      section,
      async run(it) {
        const run = await it.running();
        for (const index of [0, 1, 2]) {
          const done = await required(
            `a report of round ${index}`,
            'one for each begin',
            run.round(index, [index, 2, 3]),
          );
          equal(done.index, index, 'index of the report');
          run.settle({ round: index });
        }
      },
    },
    {
      id: '6.2.1',
      title: 'uses the first of two frames with the same address',
      section,
      async run(it) {
        const run = await it.running();
        run.begin({ cohort: [0] });
        // In one turn, so that the second is there before the half continues, or not: both are right.
        run.frames.send(
          frameOf({ kind: SGD.model, to: 0 }, modelBody(1, 2, 3)),
          frameOf({ kind: SGD.model, to: 0 }, modelBody(7, 8, 9)),
        );
        await answers(run, [1, 2, 3], 'a duplicate changes nothing');
        await required('a report', 'a duplicate changes nothing', run.done());
      },
    },
    {
      id: '6.2.2',
      title: 'takes no notice of a duplicate that comes after the round',
      section,
      async run(it) {
        const run = await it.running();
        await run.round(0, [1, 2, 3], { cohort: [0] });
        run.settle({ cohort: [0] });
        run.model([7, 8, 9], { to: 0 });
        const { index } = await required(
          'a report of round 1',
          'what belongs to an earlier round is discarded',
          run.round(1, [4, 5, 6], { cohort: [0] }),
        );
        equal(index, 1, 'the next round');
        run.frames.received.take((item) => item.type === 'frame' && item.round === 0);
        await answers(run, [4, 5, 6], 'what belongs to an earlier round is discarded');
      },
    },
    {
      id: '6.2.3',
      title: 'keeps a frame that comes before its begin',
      section,
      async run(it) {
        const run = await it.running();
        run.model([1, 2, 3], { to: 0 });
        await run.waits();
        run.begin({ cohort: [0] });
        await answers(run, [1, 2, 3], 'what belongs to a later round is kept');
      },
    },
    {
      id: '6.2.4',
      title: 'keeps a frame of the next round while this one runs',
      section,
      async run(it) {
        const run = await it.running();
        run.begin({ cohort: [0] });
        run.model([4, 5, 6], { to: 0, round: 1 });
        run.model([1, 2, 3], { to: 0 });
        await answers(run, [1, 2, 3], 'each round takes its own frames');
        await run.done();
        run.settle({ cohort: [0] });
        run.begin({ cohort: [0], index: 1 });
        await answers(run, [4, 5, 6], 'what belongs to a later round is kept');
      },
    },
    {
      id: '6.2.5',
      title: 'discards a frame of an earlier attempt',
      section,
      async run(it) {
        const run = await it.running();
        run.begin({ cohort: [0], attempt: 1 });
        run.model([7, 8, 9], { to: 0, attempt: 0 });
        run.model([1, 2, 3], { to: 0, attempt: 1 });
        await answers(run, [1, 2, 3], 'what belongs to an earlier attempt is discarded');
      },
    },
    {
      id: '6.2.6',
      title: 'takes frames in any order of receivers',
      section,
      async run(it) {
        const run = await it.running();
        run.begin();
        run.model([4, 5, 6], { to: 2 });
        equal(
          (await required('a gradient', 'client 2 has its model', run.frameOf(2))).body,
          gradientOf(4, 5, 6),
          'the gradient of client 2',
        );
        run.model([1, 2, 3], { to: 0 });
        await answers(run, [1, 2, 3], 'all halves run at the same time');
      },
    },
    {
      id: '6.2.7',
      title: 'waits no longer when the coordinator’s seal says that nothing was posted',
      section,
      async run(it) {
        const run = await it.running();
        run.begin({ cohort: [0] });
        run.seal(0);
        const { absences } = await required('a report', 'its seal has come with counts[kind] ≤ step', run.done());
        equal(absences, [], 'neither message nor absence');
        equal((await run.sealOf(0)).counts, [0, 0, 0, 0], 'sgd without a model returns without a post');
      },
    },
    {
      id: '6.2.8',
      title: 'continues to wait when the seal says that a step was posted',
      section,
      async run(it) {
        const run = await it.running();
        run.begin({ cohort: [0] });
        run.seal(1);
        const { waits } = await run.waits();
        expected(
          Array.isArray(waits) && waits.length === 1,
          'one half that waits',
          waits,
          'counts[kind] is above the step: its frame is still to come',
        );
        run.model([1, 2, 3], { to: 0 });
        await answers(run, [1, 2, 3], 'its frame has come');
      },
    },
    {
      id: '6.2.9',
      title: 'discards a seal of an earlier attempt',
      section,
      async run(it) {
        const run = await it.running();
        run.begin({ cohort: [0], attempt: 1 });
        run.seal(0);
        run.model([1, 2, 3], { to: 0, attempt: 1 });
        await answers(run, [1, 2, 3], 'what belongs to an earlier attempt is discarded');
      },
    },
    {
      id: '6.3.1',
      title: 'stops the halves of an aborted attempt and sends nothing more for them',
      section,
      async run(it) {
        const run = await it.running();
        run.begin({ cohort: [0] });
        run.send('abort', { index: 0, attempt: 0, clients: null });
        await run.waits();
        run.model([1, 2, 3], { to: 0 });
        run.begin({ cohort: [0], attempt: 1 });
        run.model([1, 2, 3], { to: 0, attempt: 1 });
        // A report of the first attempt, of no client, may come too.
        const second = run.done().then((done) => (done.attempt === 0 ? run.done() : done));
        await required(
          'a report of the second attempt',
          'a round that is run again has the next attempt number',
          second,
        );
        const of0 = run.frames.received.take((item) => item.type === 'frame' && item.attempt === 0);
        equal(of0.length, 0, 'nothing more is sent for halves that were stopped');
      },
    },
    {
      id: '6.3.2',
      title: 'stops only the clients that abort names, and reports the others',
      section,
      async run(it) {
        const run = await it.running();
        run.begin();
        run.send('abort', { index: 0, attempt: 0, clients: [0] });
        await run.waits();
        run.model([1, 2, 3], { to: 2 });
        const report = await required('a report', 'client 2 was not aborted', run.done());
        equal(reported(report), [2], 'a report has one entry for each client that ran');
      },
    },
    {
      id: '6.3.3',
      title: 'ignores an abort of another attempt',
      section,
      async run(it) {
        const run = await it.running();
        run.begin({ cohort: [0], attempt: 1 });
        run.send('abort', { index: 0, attempt: 0, clients: null });
        await run.waits();
        run.model([1, 2, 3], { to: 0, attempt: 1 });
        await required('a report', 'another attempt was aborted', run.done(6000));
      },
    },
    ...SIMULATED_TIME,
    ...DEADLINES,
  ],
} satisfies Chapter<Coordinator>;
