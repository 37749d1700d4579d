import { type Chapter, equal, required } from '../case.js';
import type { Coordinator } from '../script/coordinator.js';
import { bodyOf, doubles, hex } from '../script/frames.js';
import type { ScriptedRun } from '../script/run.js';
import { TRACKING } from '../script/scenario.js';

const section = 'Records and states as bytes';

/** {clockMs, memories: {}, state: null, undelivered: []} as docs/protocol.md has it, typed by hand; clockMs: its value with its tag. */
const recordOf = (clockMs: string) =>
  hex(`07 04 07 636c6f636b4d73 ${clockMs} 08 6d656d6f72696573 07 00 05 7374617465 00 0b 756e64656c697665726564 06 00`);

/** Integer 11, 22, 500: tag 3 and the varint of its double. */
const [AT_11, AT_22, AT_500] = ['03 16', '03 2c', '03 e807'] as const;

const ITERATE = 2;
const vectors = (x: number, y: number) => bodyOf([doubles(x, x, x), doubles(y, y, y)], []);

/** A round of gradient tracking for client 0 whose neighbours sent these. */
async function tracked(
  run: ScriptedRun,
  round: number,
  one: readonly [number, number],
  two: readonly [number, number],
): Promise<void> {
  run.begin({ cohort: [0, 1, 2], index: round });
  run.frames.sendFrame({ kind: ITERATE, round, from: 1, to: 0 }, vectors(...one));
  run.frames.sendFrame({ kind: ITERATE, round, from: 2, to: 0 }, vectors(...two));
  await run.done();
}

/** x, y and gradient of a client, with its clock, as canonical bytes; each vector three times the same number. */
function trackingRecord(clock: string, gradient: number, x: number, y: number): Uint8Array {
  const vector = (value: number) => `18 03 ${Buffer.from(doubles(value, value, value).buffer).toString('hex')}`;
  return hex(
    `07 04 07 636c6f636b4d73 ${clock} 08 6d656d6f72696573 07 00 05 7374617465 07 03 08 6772616469656e74 ${vector(gradient)} 01 78 ${vector(x)} 01 79 ${vector(y)} 0b 756e64656c697665726564 06 00`,
  );
}

const ALONE = { clients: [0] } as const;

export default {
  title: '7 Records and settlement',
  cases: [
    {
      id: '7.1.1',
      title: 'collects no record of clients that have not taken part',
      section,
      async run(it) {
        const run = await it.running();
        const records = await required('collected-all', 'the end of an answer to collect', run.collected(7, 'records'));
        equal([...records.keys()], [], 'records of clients that have taken part');
      },
    },
    {
      id: '7.1.2',
      title: 'collects a record as the bytes of this case',
      section,
      async run(it) {
        const run = await it.running();
        await run.round(0, [1, 2, 3], { cohort: [0] });
        run.settle({ cohort: [0] });
        const records = await required('collected-all', 'an answer to collect', run.collected(8, 'records'));
        equal([...records], [[0, recordOf(AT_11)]], '{clockMs: 11, memories: {}, state: null, undelivered: []}');
      },
    },
    {
      id: '7.1.3',
      title: 'collects only the clients that are requested',
      section: 'Control messages',
      async run(it) {
        const run = await it.running();
        await run.round(0, [1, 2, 3]);
        run.settle();
        equal([...(await run.collected(1, 'records', [2])).keys()], [2], 'clients: [2]');
        equal([...(await run.collected(2, 'records')).keys()].sort(), [0, 2], 'clients: "all"');
      },
    },
    {
      id: '7.1.4',
      title: 'collects no estimates of clients whose method has none',
      section,
      async run(it) {
        const run = await it.running();
        await run.round(0, [1, 2, 3]);
        run.settle();
        equal(
          [...(await required('collected-all', 'an answer to collect', run.collected(1, 'estimates'))).keys()],
          [],
          'sgd’s clients have no estimate',
        );
      },
    },
    {
      id: '7.1.5',
      title: 'collects the estimate of a client that has one: a list of vectors',
      section,
      async run(it) {
        const run = await it.running(TRACKING, ALONE);
        run.frames.sendPacked({ type: 'restore', client: 0, data: trackingRecord(AT_22, 3.5, 1.75, 4.5) });
        const estimates = await required('collected-all', 'an answer to collect', run.collected(1, 'estimates'));
        const list = hex(`06 01 18 03 ${'000000000000fc3f'.repeat(3)}`);
        equal([...estimates], [[0, list]], 'a list of one vector: 1.75 three times');
      },
    },
    {
      id: '7.2.1',
      title: 'keeps the states of a settled round',
      section: 'Rounds',
      async run(it) {
        const run = await it.running(TRACKING, ALONE);
        await tracked(run, 0, [2, 1], [3.5, 4]);
        run.settle({ cohort: [0, 1, 2] });
        const records = await run.collected(1, 'records');
        equal([...records.keys()], [0], 'client 0 has taken part');
        // g = y = 1; x = a third of 0.5 + 2 + 3.5, less a quarter of y: 1.75; gradient 3.5; y = a third of 1 + 1 + 4, plus 2.5.
        equal(await roundedRecord(records.get(0)!), [3.5, 1.75, 4.5], 'gradient, x and y after the round');
      },
    },
    {
      id: '7.2.2',
      title: 'goes back to the states and the clock before an abandoned attempt',
      section: 'Rounds',
      async run(it) {
        const run = await it.running();
        await run.round(0, [1, 2, 3], { cohort: [0] });
        run.settle({ cohort: [0] });
        await run.round(1, [1, 2, 3], { cohort: [0], startMs: 489 });
        run.settle({ round: 1, cohort: [0], abandoned: true });
        equal([...(await run.collected(1, 'records'))], [[0, recordOf(AT_11)]], 'the clock is as before the attempt');
      },
    },
    {
      id: '7.2.3',
      title: 'keeps the clock of a voided client, and its state from before',
      section: 'Rounds',
      async run(it) {
        const run = await it.running();
        await run.round(0, [1, 2, 3], { cohort: [0] });
        run.settle({ cohort: [0] });
        await run.round(1, [1, 2, 3], { cohort: [0], startMs: 489 });
        run.settle({ round: 1, cohort: [0], voided: [0] });
        equal([...(await run.collected(1, 'records'))], [[0, recordOf(AT_500)]], 'the clock is that of the attempt');
      },
    },
    {
      id: '7.2.4',
      title: 'runs an abandoned round again from the same state, with the same draws',
      section: 'Rounds',
      async run(it) {
        const run = await it.running(TRACKING, ALONE);
        await tracked(run, 0, [2, 1], [3.5, 4]);
        const first = await run.frames.frame(({ to }) => to === 1);
        run.settle({ cohort: [0, 1, 2], abandoned: true });
        run.begin({ cohort: [0, 1, 2], index: 0, attempt: 1 });
        const again = await required(
          'an iterate',
          'the next attempt',
          run.frames.frame(({ to, attempt }) => to === 1 && attempt === 1),
        );
        equal(again.body, first.body, 'the same streams and the old states');
      },
    },
    {
      id: '7.3.1',
      title: 'takes a record to restore, and answers restored-all once it has',
      section: 'Frames',
      async run(it) {
        const run = await it.running();
        run.frames.sendPacked({ type: 'restore', client: 2, data: recordOf(AT_500) });
        run.frames.sendPacked({ type: 'restored-all', request: 41 });
        const answer = await required(
          'restored-all',
          'the worker sends it back when all before it is restored',
          run.frames.packed('restored-all'),
        );
        equal(answer.request, 41, 'the request of the message');
        equal([...(await run.collected(1, 'records'))], [[2, recordOf(AT_500)]], 'the record replaces the client’s');
      },
    },
    {
      id: '7.3.2',
      title: 'continues from a restored state',
      section: 'Frames',
      async run(it) {
        const run = await it.running(TRACKING, ALONE);
        run.frames.sendPacked({ type: 'restore', client: 0, data: trackingRecord(AT_22, 3.5, 1.75, 4.5) });
        run.frames.sendPacked({ type: 'restored-all', request: 1 });
        await run.frames.packed('restored-all');
        run.begin({ cohort: [0, 1, 2], index: 1 });
        const { body } = await required(
          'an iterate',
          'round 1 of gradient tracking',
          run.frames.frame(({ to }) => to === 1),
        );
        equal(body, vectors(1.75, 4.5), 'x and y of the record');
      },
    },
    {
      id: '7.3.3',
      title: 'resets a forgotten client to the record of init; its clock stays',
      section: 'Rounds',
      async run(it) {
        const run = await it.running(TRACKING, ALONE);
        run.frames.sendPacked({ type: 'restore', client: 0, data: trackingRecord(AT_500, 3.5, 1.75, 4.5) });
        run.frames.sendPacked({ type: 'restored-all', request: 1 });
        await run.frames.packed('restored-all');
        run.begin({ cohort: [0, 1, 2], index: 1, forgotten: [0] });
        const frame = await required(
          'an iterate',
          'round 1 of gradient tracking',
          run.frames.frame(({ to }) => to === 1),
        );
        equal(frame.body, vectors(0.5, 1), 'the initial parameters and their gradient');
        equal(frame.arrivesAtMs, 516, '500, 3 and 8 for the gradient, 5 on the link');
      },
    },
  ],
} satisfies Chapter<Coordinator>;

/** First number of gradient, x and y of a record of gradient tracking, rounded: a third is not a number of this arithmetic. */
async function roundedRecord(record: Uint8Array): Promise<number[]> {
  const text = Buffer.from(record).toString('hex');
  return ['086772616469656e741803', '0178' + '1803', '0179' + '1803'].map((key) => {
    const at = text.indexOf(key) / 2 + key.length / 2;
    return Math.round(Buffer.from(record).readDoubleLE(at) * 1e9) / 1e9;
  });
}
