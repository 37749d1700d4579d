import { crc32 } from 'node:zlib';
import { type Chapter, equal, NotApplicable, required } from '../case.js';
import { closing, header, leaves, model, raw, rejecting } from '../script/broken-frames.js';
import type { Coordinator } from '../script/coordinator.js';
import { bodyOf, chunkOf, doubles, type FrameFields, frameOf, hex, repeatOf } from '../script/frames.js';
import { modelBody, type ScriptedRun, SGD } from '../script/run.js';
import { PLAIN, scenarioOf } from '../script/scenario.js';

const section = 'Frames';

/** A worker whose hello has `repeats`, in a round of both its clients. */
async function takingRepeats(it: Coordinator): Promise<ScriptedRun> {
  const { control, hello } = await it.joined();
  if (hello.repeats !== true) throw new NotApplicable('the worker takes no repeats');
  const run = await it.assign(control, await scenarioOf({}));
  await run.introduce();
  run.begin();
  return run;
}

/** A repeat that follows the model of client 0 and is wrong. */
function repeating(id: string, title: string, why: string, wrong: FrameFields, before = true) {
  return {
    id,
    title,
    section,
    async run(it: Coordinator): Promise<void> {
      const run = await takingRepeats(it);
      if (before) run.model([1, 2, 3]);
      run.frames.send(repeatOf({ kind: SGD.model, to: 2, ...wrong }, modelBody(1, 2, 3)));
      await leaves(run, why);
    },
  };
}

/** A body that the model needs, and more than one websocket message may be. */
const BODY_BYTES = 5_000_000;

export default {
  title: '4 Frames',
  cases: [
    {
      id: '4.1.1',
      title: 'sends a gradient as the bytes of this case: header, body, checksum',
      section,
      async run(it) {
        const run = await it.running();
        run.begin({ cohort: [0], index: 258 });
        run.model([1, 2, 3], { round: 258 });
        const { raw } = await required('a gradient', 'sgd posts its gradient', run.frameOf(0));
        // Gradient 2 x = 2, 4, 6 of 4 examples; it leaves at 3 + 4 · 2 and arrives 5 ms later, at 16.
        const body = '0300000018000000 0000000000001040 0000000000000040 0000000000001040 0000000000001840';
        const head =
          '0100000002010000 0000000000000000 00000000ffffffff 0000000000003040 0100000028000000 18a0731300000000';
        equal(raw[0], hex(`${head} ${body}`), 'kind 0, round 258, step 0, attempt 0, from 0, to the coordinator');
      },
    },
    {
      id: '4.1.2',
      title: 'sends float32 numbers in float32 runs, padded to 8 bytes',
      section,
      async run(it) {
        const run = await it.running({ precision: 'float32' });
        run.begin({ cohort: [0] });
        run.frames.sendFrame({ kind: SGD.model, to: 0 }, bodyOf([Float32Array.of(1, 2, 3)], []));
        const { body } = await required('a gradient', 'numbers at the run’s precision', run.frameOf(0));
        equal(
          body,
          hex('030000000c000000 0000000000001040 0000004000008040 0000c04000000000'),
          'three float32 numbers and four bytes of padding',
        );
      },
    },
    {
      id: '4.1.3',
      title: 'sends one frame for each client that it hosts, from that client',
      section,
      async run(it) {
        const run = await it.running();
        run.begin();
        run.model([1, 2, 3], { to: 0 });
        run.model([4, 5, 6], { to: 2 });
        equal((await run.frameOf(0)).body, bodyOf([doubles(2, 4, 6)], [4]), 'the gradient of client 0, at its model');
        equal((await run.frameOf(2)).body, bodyOf([doubles(8, 10, 12)], [4]), 'the gradient of client 2, at its model');
      },
    },
    {
      id: '4.1.4',
      title: 'takes an empty frame for no message: neither a message nor an absence',
      section: 'Rounds',
      async run(it) {
        const run = await it.running();
        run.begin({ cohort: [0] });
        run.frames.sendFrame({ kind: SGD.model, to: 0, messages: 0 });
        const { absences } = await required('a report', 'the half returns without a post', run.done());
        equal(absences, [], 'a frame with no message is no absence');
        equal((await run.sealOf(0)).counts, [0, 0, 0, 0], 'sgd without a model returns without a post');
      },
    },
    ...(['crashed', 'dropped', 'late', 'rejected', 'aborted'] as const).map((why, i) =>
      rejecting(
        `4.2.${i + 1}`,
        `takes a header with lost ${i + 1} for an absence: ${why}`,
        'a lost frame travels as a header',
        header({ lost: i + 1, messages: 0 }, new Uint8Array()),
        why,
      ),
    ),
    rejecting(
      '4.3.1',
      'keeps a frame with a wrong checksum as lost, rejected',
      'a frame whose checksum is wrong is rejected',
      header({ checksum: 1 }),
    ),
    rejecting(
      '4.3.2',
      'keeps a vector of another length than the model as lost, rejected',
      'vectors have the model’s length',
      model(modelBody(1, 2)),
    ),
    rejecting(
      '4.3.3',
      'keeps lengths in a body that do not agree as lost, rejected',
      'inner lengths are wrong',
      model(hex('0300000010000000 000000000000f03f 00000000000000c0')),
    ),
    rejecting(
      '4.3.4',
      'keeps a body with bytes after its last message as lost, rejected',
      'inner lengths are wrong',
      model(hex('0300000018000000 000000000000f03f 0000000000000040 0000000000000840 0000000000000840')),
    ),
    rejecting(
      '4.3.5',
      'keeps a body with fewer messages than announced as lost, rejected',
      'inner lengths are wrong',
      header({ messages: 2 }),
    ),
    rejecting(
      '4.3.6',
      'keeps a vector that claims 4 gigabytes as lost, rejected',
      'inner lengths are wrong',
      model(hex('ffffffffffffffff 000000000000f03f')),
    ),
    rejecting('4.3.7', 'keeps a NaN as lost, rejected', 'numbers are finite', model(modelBody(1, Number.NaN, 3))),
    rejecting(
      '4.3.8',
      'keeps an infinity as lost, rejected',
      'numbers are finite',
      model(modelBody(1, 2, Number.NEGATIVE_INFINITY)),
    ),
    closing(
      '4.4.1',
      'closes at a message type that is none',
      'frame, chunk or packed message',
      raw(hex('09'), frameOf({ kind: 1, to: 0 }, modelBody(1, 2, 3))),
    ),
    closing(
      '4.4.2',
      'closes at a header that is too short',
      'a header of 48 bytes',
      raw(frameOf({ kind: 1, to: 0 }).subarray(0, 47)),
    ),
    closing('4.4.3', 'closes at an empty message', 'a header of 48 bytes', raw(new Uint8Array())),
    closing(
      '4.4.4',
      'closes at a kind that the method does not have',
      'kind: position among the method’s kinds',
      header({ kind: 4 }),
    ),
    closing('4.4.5', 'closes at a client beyond the last', 'parties of this run', header({ to: 3 })),
    closing(
      '4.4.6',
      'closes at a frame for a client that it does not host',
      'parties of this worker',
      header({ to: 1 }),
    ),
    closing('4.4.7', 'closes at a party below the coordinator', 'the coordinator is −1', header({ from: -2 })),
    closing(
      '4.4.8',
      'closes at a lost value that has no meaning',
      'lost: 0 to 5',
      header({ lost: 6, messages: 0 }, new Uint8Array()),
    ),
    closing('4.4.9', 'closes at a lost frame with a body', 'lost: no body', header({ lost: 2 })),
    closing(
      '4.4.10',
      'closes at an arrival time below 0',
      'arrivesAtMs is finite and at least 0',
      header({ arrivesAtMs: -1 }),
    ),
    closing(
      '4.4.11',
      'closes at an arrival time that is no number',
      'arrivesAtMs is finite and at least 0',
      header({ arrivesAtMs: Number.NaN }),
    ),
    closing(
      '4.4.12',
      'closes at an arrival time that never comes',
      'arrivesAtMs is finite and at least 0',
      header({ arrivesAtMs: Number.POSITIVE_INFINITY }),
    ),
    closing('4.4.13', 'closes at a body shorter than its header announces', 'bytes of the body', header({ bytes: 40 })),
    closing('4.4.14', 'closes at a body longer than its header announces', 'bytes of the body', header({ bytes: 16 })),
    closing(
      '4.4.15',
      'closes at the announcement of a body beyond every limit',
      'body of a frame in any run',
      header({ bytes: 4_294_967_295, stream: 1 }),
      'limits.md: Limits',
    ),
    closing(
      '4.4.16',
      'closes at more messages than a frame may hold',
      'messages of one kind in one frame',
      header({ messages: 1_048_577 }),
      'limits.md: Limits',
    ),
    closing('4.4.17', 'closes at a text message', 'binary messages', (run) => run.frames.socket.send('hello')),
    {
      id: '4.4.18',
      title: 'closes at a message beyond the limit of a websocket message',
      section: 'limits.md: Limits',
      async run(it) {
        const objective = { ...(PLAIN.objective as object), name: 'quadratic', dimension: BODY_BYTES / 8 };
        const run = await it.running({ objective });
        run.begin({ cohort: [0] });
        const body = bodyOf([new Float64Array(BODY_BYTES / 8).fill(1)], []);
        run.frames.sendFrame({ kind: SGD.model, to: 0, stream: 1, bytes: body.length, checksum: 0 });
        run.frames.send(chunkOf(1, 0, body, crc32(body)));
        await leaves(run, 'a websocket message has at most 4 194 560 bytes');
      },
    },
    {
      id: '4.5.1',
      title: 'takes a repeat for a frame with the body of the one before and a header of its own',
      section,
      async run(it) {
        const run = await takingRepeats(it);
        run.model([1, 2, 3]);
        run.frames.send(repeatOf({ kind: SGD.model, to: 2, arrivesAtMs: 40 }, modelBody(1, 2, 3)));
        for (const [client, atMs] of [
          [0, 0],
          [2, 40],
        ] as const) {
          const gradient = await required('a gradient', 'the model has come', run.frameOf(client));
          equal(gradient.body, bodyOf([doubles(2, 4, 6)], [4]), `the gradient of client ${client}`);
          equal(gradient.arrivesAtMs, atMs + 16, 'the clock is that of the repeat’s own arrival');
        }
      },
    },
    {
      id: '4.5.2',
      title: 'rejects the repeats of a body whose checksum is wrong, too',
      section,
      async run(it) {
        const run = await takingRepeats(it);
        run.model([1, 2, 3], { checksum: 1 });
        run.frames.send(repeatOf({ kind: SGD.model, to: 2, checksum: 1 }, modelBody(1, 2, 3)));
        const { absences } = await required('a report', 'neither client has a model', run.done());
        const whys = (absences as { readonly to: number; readonly why: string }[]).map(({ to, why }) => [to, why]);
        equal(
          whys.sort(([a], [b]) => Number(a) - Number(b)),
          [
            [0, 'rejected'],
            [2, 'rejected'],
          ],
          'a damaged body counts for all that have it',
        );
      },
    },
    repeating('4.5.3', 'closes at a repeat that follows no frame', 'the frame before', {}, false),
    repeating('4.5.4', 'closes at a repeat of another kind than the frame before', 'the same kind', { kind: 0 }),
    repeating('4.5.5', 'closes at a repeat with another checksum than the frame before', 'the same body', {
      checksum: 1,
    }),
  ],
} satisfies Chapter<Coordinator>;
