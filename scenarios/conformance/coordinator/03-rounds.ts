import { crc32 } from 'node:zlib';
import { type Chapter, equal, expected, required } from '../case.js';
import type { CoordinatorStage } from '../script/coordinator-stage.js';
import { bodyOf, chunkOf, doubles, frameOf, hex } from '../script/frames.js';
import { pause } from '../script/inbox.js';
import type { Member } from '../script/member.js';
import { SGD } from '../script/run.js';
import { DEADLINES } from './parts/deadlines.js';
import { moved, next, paramsOf, twice } from './parts/models.js';

const section = 'Rounds';
const BEGIN = ['absent', 'attempt', 'cohort', 'forgotten', 'inclusion', 'index', 'startMs'];

/** A gradient of client 0 that cannot be used beside a right one of client 1: the next model is moved by the second alone. */
function rejecting(
  id: string,
  title: string,
  why: string,
  send: (member: Member, params: readonly number[]) => void,
  of = 'Frames',
) {
  return {
    id,
    title,
    section: of,
    async run(it: CoordinatorStage): Promise<void> {
      const member = await it.begun();
      const params = await paramsOf(member);
      send(member, params);
      member.gradient(1, twice(params));
      member.seals();
      equal(await next(member), moved(params, twice(params)), why);
    },
  };
}

export default {
  title: '3 Rounds',
  cases: [
    {
      id: '3.1.1',
      title: 'begins a round with exactly the keys of the text, for the whole cohort',
      section: 'Control messages',
      async run(it) {
        const { plan } = await required('begin', 'all workers are ready', it.begun());
        equal(Object.keys(plan).sort(), BEGIN, 'begin has exactly these keys');
        equal([plan.cohort, plan.attempt], [[0, 1], 0], 'both clients, the first attempt');
      },
    },
    {
      id: '3.1.2',
      title: 'sends the model as frames whose headers are those of this case',
      section: 'Frames',
      async run(it) {
        const member = await it.begun();
        const { index, startMs } = member.plan;
        for (const client of [0, 1]) {
          const { body, raw } = await required('a model', 'sgd posts its model to the cohort', member.model(client));
          equal(body.subarray(0, 8), hex('0300000018000000'), 'three numbers in 24 bytes');
          const head = frameOf({ kind: SGD.model, round: index, from: -1, to: client, arrivesAtMs: startMs + 5 }, body);
          equal(
            raw[0]!.subarray(0, 48),
            head.subarray(0, 48),
            'kind 1, step 0, attempt 0; it arrives 5 ms after the round’s start',
          );
        }
      },
    },
    {
      id: '3.1.3',
      title: 'seals its own half: one model, nothing else',
      section,
      async run(it) {
        const member = await it.begun();
        await paramsOf(member);
        for (const client of [0, 1]) {
          member.gradient(client, [1, 1, 1]);
          member.seal(client, 1);
        }
        const { seals } = await required('a seal', 'when a half returns', member.frames.packed('seals'));
        const { index: round } = member.plan;
        equal(seals, [{ round, attempt: 0, from: 'coordinator', counts: [0, 1, 0, 0], to: [0, 1] }], 'to the cohort');
      },
    },
    {
      id: '3.1.4',
      title: 'settles a round once it is reported, with exactly the keys of the text',
      section,
      async run(it) {
        const member = await it.begun();
        await member.play();
        const { index: round } = member.plan;
        const settle = await required('settle', 'the round is over', member.settled());
        equal(
          settle,
          { round, attempt: 0, abandoned: false, voided: [], undelivered: [], cohort: [0, 1] },
          'nothing was lost',
        );
      },
    },
    {
      id: '3.1.5',
      title: 'sends a worker that takes repeats the same models, each as a frame or as a repeat of the one before',
      section: 'Frames',
      async run(it) {
        const member = await it.begun({ repeats: true });
        const models = [await member.model(0), await member.model(1)];
        equal(models[1]!.params, models[0]!.params, 'sgd posts one model to the cohort');
        for (const [client, { params, arrivesAtMs }] of models.entries()) {
          equal(arrivesAtMs, member.plan.startMs + 5, 'each header has its own arrival');
          member.gradient(client, twice(params));
          member.seal(client, 1);
        }
        member.send('done', member.report());
        await required('settle', 'the round is over', member.settled());
      },
    },
    {
      id: '3.2.1',
      title: 'moves the model by the mean of the gradients',
      section: 'protocol-streams.md: Coordinator halves and digest',
      async run(it) {
        const member = await it.begun();
        const params = await paramsOf(member);
        member.gradient(0, [1, 2, 3]);
        member.gradient(1, [3, 2, 0.5]);
        member.seals();
        equal(await next(member), moved(params, [2, 2, 1.75]), 'mean of the gradients, rate 1/4');
      },
    },
    {
      id: '3.2.2',
      title: 'weighs the gradients by their examples',
      section: 'protocol-streams.md: Coordinator halves and digest',
      async run(it) {
        const member = await it.begun();
        const params = await paramsOf(member);
        member.gradient(0, [1, 2, 3], 1);
        member.gradient(1, [5, 2, 7], 3);
        member.seals();
        equal(await next(member), moved(params, [4, 2, 6]), 'sums of examples × entry, divided by the sum of examples');
      },
    },
    {
      id: '3.2.3',
      title: 'adds in the order of the clients, in whatever order their frames come',
      section,
      async run(it) {
        const member = await it.begun();
        const params = await paramsOf(member);
        member.gradient(1, [2, 2, 2]);
        member.seal(1, 1);
        await pause(200);
        member.gradient(0, [4, 4, 4]);
        member.seal(0, 1);
        equal(await next(member), moved(params, [3, 3, 3]), 'ascending order of sender, never of arrival');
      },
    },
    {
      id: '3.2.4',
      title: 'takes a gradient that comes in chunks',
      section: 'Frames',
      async run(it) {
        const member = await it.begun();
        const params = await paramsOf(member);
        const body = bodyOf([doubles(2, 2, 2)], [4]);
        const { index: round, startMs } = member.plan;
        const head = frameOf({
          kind: SGD.gradient,
          round,
          from: 0,
          to: -1,
          arrivesAtMs: startMs + 21,
          stream: 9,
          bytes: body.length,
          checksum: 0,
        });
        member.frames.send(head, chunkOf(9, 0, body, crc32(body)));
        member.gradient(1, [2, 2, 2]);
        member.seals();
        equal(await next(member), moved(params, [2, 2, 2]), 'a body that comes in chunks');
      },
    },
    {
      id: '3.3.1',
      title: 'takes no notice of a duplicate',
      section,
      async run(it) {
        const member = await it.begun();
        const params = await paramsOf(member);
        for (const gradient of [
          [2, 2, 2],
          [9, 9, 9],
        ])
          member.gradient(0, gradient);
        member.gradient(1, [2, 2, 2]);
        member.seals();
        equal(
          await next(member),
          moved(params, [2, 2, 2]),
          'a duplicate (same kind, round, attempt, step, from, to) changes nothing',
        );
      },
    },
    {
      id: '3.3.2',
      title: 'takes no notice of a gradient of the round before',
      section,
      async run(it) {
        const member = await it.begun();
        await member.play();
        await member.settled();
        const before = member.plan;
        await member.begun();
        const params = await paramsOf(member);
        member.gradient(0, [9, 9, 9], 4, { round: before.index });
        for (const client of [0, 1]) {
          member.gradient(client, [2, 2, 2]);
          member.seal(client, 1);
        }
        equal(await next(member), moved(params, [2, 2, 2]), 'what belongs to an earlier round is discarded');
      },
    },
    {
      id: '3.3.3',
      title: 'keeps a gradient of the next round until then',
      section,
      async run(it) {
        const member = await it.begun();
        const { index } = member.plan;
        member.gradient(0, [8, 8, 8], 4, { round: index + 1 });
        const params = await paramsOf(member);
        for (const client of [0, 1]) {
          member.gradient(client, [2, 2, 2]);
          member.seal(client, 1);
        }
        const second = await next(member);
        equal(second, moved(params, [2, 2, 2]), 'what belongs to a later round is not used now');
        member.gradient(1, [4, 4, 4]);
        member.seals();
        equal(await next(member), moved(second, [6, 6, 6]), 'what belongs to a later round is kept');
      },
    },
    {
      id: '3.3.4',
      title: 'waits for no gradient of a client whose seal says that there is none',
      section,
      async run(it) {
        const member = await it.begun();
        const params = await paramsOf(member);
        member.seal(0, 0);
        member.gradient(1, [2, 2, 2]);
        member.seal(1, 1);
        equal(await next(member), moved(params, [2, 2, 2]), 'its seal has come with counts[kind] ≤ step');
      },
    },
    rejecting(
      '3.4.1',
      'counts a gradient with a wrong checksum as absent',
      'a frame whose checksum is wrong is kept as lost, rejected',
      (member) => member.gradient(0, [9, 9, 9], 4, { checksum: 1 }),
    ),
    rejecting('3.4.2', 'counts a gradient of another length as absent', 'vectors have the model’s length', (member) =>
      member.gradient(0, [9, 9]),
    ),
    rejecting('3.4.3', 'counts a gradient with a NaN as absent', 'numbers are finite', (member) =>
      member.gradient(0, [9, Number.NaN, 9]),
    ),
    rejecting('3.4.4', 'counts a gradient with an infinity as absent', 'numbers are finite', (member) =>
      member.gradient(0, [9, Number.POSITIVE_INFINITY, 9]),
    ),
    rejecting(
      '3.4.5',
      'counts a body with bytes after its last message as absent',
      'inner lengths are wrong',
      (member) => {
        const { index: round } = member.plan;
        const body = new Uint8Array(48);
        body.set(bodyOf([doubles(9, 9, 9)], [4]));
        member.frames.sendFrame({ kind: SGD.gradient, round, from: 0, to: -1 }, body);
      },
    ),
    rejecting(
      '3.4.6',
      'takes a header with a loss for an absence',
      'a frame that the model loses travels as a header',
      (member) => {
        const { index: round } = member.plan;
        member.frames.sendFrame({ kind: SGD.gradient, round, from: 0, to: -1, lost: 2, messages: 0 });
      },
    ),
    {
      id: '3.5.1',
      title: 'ignores a report of another generation',
      section: 'Generations',
      async run(it) {
        const member = await it.begun();
        await ignored(member, { generation: member.assign.generation + 1 });
      },
    },
    {
      id: '3.5.2',
      title: 'ignores a report of another epoch',
      section: 'Generations',
      async run(it) {
        const member = await it.begun();
        await ignored(member, { epoch: member.assign.epoch + 1 });
      },
    },
    {
      id: '3.5.3',
      title: 'ignores a report of another attempt',
      section: 'Generations',
      async run(it) {
        const member = await it.begun();
        await ignored(member, { attempt: 7 });
      },
    },
    {
      id: '3.5.4',
      title: 'plays a round again from its checkpoint when its worker is lost in it',
      section: 'Generations',
      async run(it) {
        const first = await it.begun();
        const params = await paramsOf(first);
        const { index } = first.plan;
        first.frames.close();
        first.control.close();
        const second = await required('the round again', 'each loss sends the run back to its checkpoint', it.begun());
        equal(second.plan.index, index, 'the same round');
        equal(await paramsOf(second), params, 'the old states');
      },
    },
    ...DEADLINES,
  ],
} satisfies Chapter<CoordinatorStage>;

/** Such a report does not end the round; the right one does. */
async function ignored(member: Member, changes: Record<string, unknown>): Promise<void> {
  for (const client of [0, 1]) {
    const { params } = await member.model(client);
    member.gradient(client, twice(params));
    member.seal(client, 1);
  }
  member.send('done', member.report(changes));
  await pause(500);
  const early = member.control.received.take(({ name }) => name === 'settle').length;
  expected(early === 0, 'no settlement yet', early, 'reports of another epoch, generation or attempt are ignored');
  expected(!member.control.isClosed, 'the connection stays open', 'closed', 'ignored, not punished');
  member.send('done', member.report());
  await required('settle', 'the right report ends the round', member.settled());
}
