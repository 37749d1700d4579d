import { crc32 } from 'node:zlib';
import { type Case, type Chapter, equal, expected, required } from '../case.js';
import type { Coordinator } from '../script/coordinator.js';
import {
  bodyOf,
  CHUNK_BYTES,
  chunkOf,
  chunksOf,
  doubles,
  type FrameFields,
  frameOf,
  hex,
  packedOf,
} from '../script/frames.js';
import { modelBody, type ScriptedRun, SGD } from '../script/run.js';
import { PLAIN } from '../script/scenario.js';

const section = 'Frames';
const LEAVE_MS = 8000;

/** What breaks the protocol on the frame socket ends it: the worker closes one of its two connections. */
function closing(
  id: string,
  title: string,
  why: string,
  broken: (run: ScriptedRun) => void,
  of = section,
): Case<Coordinator> {
  return {
    id,
    title,
    section: of,
    async run(it) {
      const run = await it.running();
      run.begin({ cohort: [0] });
      broken(run);
      const left = Promise.any([run.control.closes(LEAVE_MS), run.frames.closes(LEAVE_MS)]).catch(
        (error: AggregateError) => {
          throw error.errors[0];
        },
      );
      await required('the connection closed', why, left);
    },
  };
}

/** A model that cannot be used: the half takes an absence, and posts nothing. */
function rejecting(
  id: string,
  title: string,
  why: string,
  send: (run: ScriptedRun) => void,
  reason = 'rejected',
  of = section,
): Case<Coordinator> {
  return {
    id,
    title,
    section: of,
    async run(it) {
      const run = await it.running();
      run.begin({ cohort: [0] });
      send(run);
      const done = await required('a report', why, run.done());
      const absence = { round: 0, kind: 'model', step: 0, from: 'coordinator', to: 0, why: reason };
      equal(done.absences, [absence], why);
      equal((await run.sealOf(0)).counts, [0, 0, 0, 0], 'sgd without a model returns without a post');
      const [party] = done.parties as Record<string, unknown>[];
      const unused = ['dropped', 'late', 'rejected'].includes(reason)
        ? [{ kind: 'model', step: 0, from: 'coordinator', to: 0 }]
        : [];
      equal(
        party?.unusedMessages,
        unused,
        'messages of the coordinator that were absent with dropped, late or rejected',
      );
    },
  };
}

const header =
  (fields: FrameFields, body: Uint8Array = modelBody(1, 2, 3)) =>
  (run: ScriptedRun) =>
    run.frames.sendFrame({ kind: SGD.model, to: 0, ...fields }, body);
const model = (body: Uint8Array, fields: FrameFields = {}) => header(fields, body);
const raw =
  (...messages: Uint8Array[]) =>
  (run: ScriptedRun) =>
    run.frames.send(...messages);

/** Large enough for two chunks: 200,000 float64 numbers are 1.6 MB. */
const LARGE = 200_000;
const large = { objective: { ...(PLAIN.objective as object), name: 'quadratic', dimension: LARGE } };
const ramp = Float64Array.from({ length: LARGE }, (_, i) => i / 8);

export default {
  title: '3 Frames',
  cases: [
    {
      id: '3.1.1',
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
      id: '3.1.2',
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
      id: '3.1.3',
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
      id: '3.1.4',
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
        `3.2.${i + 1}`,
        `takes a header with lost ${i + 1} for an absence: ${why}`,
        'a lost frame travels as a header',
        header({ lost: i + 1, messages: 0 }, new Uint8Array()),
        why,
      ),
    ),
    rejecting(
      '3.3.1',
      'keeps a frame with a wrong checksum as lost, rejected',
      'a frame whose checksum is wrong is rejected',
      header({ checksum: 1 }),
    ),
    rejecting(
      '3.3.2',
      'keeps a vector of another length than the model as lost, rejected',
      'vectors have the model’s length',
      model(modelBody(1, 2)),
    ),
    rejecting(
      '3.3.3',
      'keeps lengths in a body that do not agree as lost, rejected',
      'inner lengths are wrong',
      model(hex('0300000010000000 000000000000f03f 00000000000000c0')),
    ),
    rejecting(
      '3.3.4',
      'keeps a body with bytes after its last message as lost, rejected',
      'inner lengths are wrong',
      model(hex('0300000018000000 000000000000f03f 0000000000000040 0000000000000840 0000000000000840')),
    ),
    rejecting(
      '3.3.5',
      'keeps a body with fewer messages than announced as lost, rejected',
      'inner lengths are wrong',
      header({ messages: 2 }),
    ),
    rejecting(
      '3.3.6',
      'keeps a vector that claims 4 gigabytes as lost, rejected',
      'inner lengths are wrong',
      model(hex('ffffffffffffffff 000000000000f03f')),
    ),
    rejecting('3.3.7', 'keeps a NaN as lost, rejected', 'numbers are finite', model(modelBody(1, Number.NaN, 3))),
    rejecting(
      '3.3.8',
      'keeps an infinity as lost, rejected',
      'numbers are finite',
      model(modelBody(1, 2, Number.NEGATIVE_INFINITY)),
    ),
    closing(
      '3.4.1',
      'closes at a message type that is none',
      'frame, chunk or packed message',
      raw(hex('09'), frameOf({ kind: 1, to: 0 }, modelBody(1, 2, 3))),
    ),
    closing(
      '3.4.2',
      'closes at a header that is too short',
      'a header of 48 bytes',
      raw(frameOf({ kind: 1, to: 0 }).subarray(0, 47)),
    ),
    closing('3.4.3', 'closes at an empty message', 'a header of 48 bytes', raw(new Uint8Array())),
    closing(
      '3.4.4',
      'closes at a kind that the method does not have',
      'kind: position among the method’s kinds',
      header({ kind: 4 }),
    ),
    closing('3.4.5', 'closes at a client beyond the last', 'parties of this run', header({ to: 3 })),
    closing(
      '3.4.6',
      'closes at a frame for a client that it does not host',
      'parties of this worker',
      header({ to: 1 }),
    ),
    closing('3.4.7', 'closes at a party below the coordinator', 'the coordinator is −1', header({ from: -2 })),
    closing(
      '3.4.8',
      'closes at a lost value that has no meaning',
      'lost: 0 to 5',
      header({ lost: 6, messages: 0 }, new Uint8Array()),
    ),
    closing('3.4.9', 'closes at a lost frame with a body', 'lost: no body', header({ lost: 2 })),
    closing(
      '3.4.10',
      'closes at an arrival time below 0',
      'arrivesAtMs is finite and at least 0',
      header({ arrivesAtMs: -1 }),
    ),
    closing(
      '3.4.11',
      'closes at an arrival time that is no number',
      'arrivesAtMs is finite and at least 0',
      header({ arrivesAtMs: Number.NaN }),
    ),
    closing(
      '3.4.12',
      'closes at an arrival time that never comes',
      'arrivesAtMs is finite and at least 0',
      header({ arrivesAtMs: Number.POSITIVE_INFINITY }),
    ),
    closing('3.4.13', 'closes at a body shorter than its header announces', 'bytes of the body', header({ bytes: 40 })),
    closing('3.4.14', 'closes at a body longer than its header announces', 'bytes of the body', header({ bytes: 16 })),
    closing(
      '3.4.15',
      'closes at the announcement of a body beyond every limit',
      'body of a frame in any run',
      header({ bytes: 4_294_967_295, stream: 1 }),
      'limits.md: Limits',
    ),
    closing(
      '3.4.16',
      'closes at more messages than a frame may hold',
      'messages of one kind in one frame',
      header({ messages: 1_048_577 }),
      'limits.md: Limits',
    ),
    closing('3.4.17', 'closes at a text message', 'binary messages', (run) => run.frames.socket.send('hello')),
    {
      id: '3.5.1',
      title: 'puts a body of two chunks together, and cuts its own',
      section,
      async run(it) {
        const run = await it.running(large);
        run.begin({ cohort: [0] });
        const body = bodyOf([ramp], []);
        run.frames.send(
          frameOf({ kind: SGD.model, to: 0, stream: 7, bytes: body.length, checksum: 0 }),
          ...chunksOf(7, body),
        );
        const frame = await required('a gradient in chunks', 'a body above 1,048,576 bytes is cut', run.frameOf(0));
        equal(
          frame.raw.map(({ length }) => length),
          [48, 24 + CHUNK_BYTES, 24 + frame.body.length - CHUNK_BYTES],
          'a header, a whole chunk and the rest',
        );
        const expectedBody = bodyOf([ramp.map((x) => 2 * x)], [4]);
        expected(
          Buffer.compare(frame.body, expectedBody) === 0,
          'the gradient 2 x',
          frame.body.subarray(0, 64),
          'the body whole again',
        );
      },
    },
    {
      id: '3.5.2',
      title: 'numbers the streams of its chunks from other than 0, one after the other',
      section,
      async run(it) {
        const run = await it.running(large);
        run.begin();
        const body = bodyOf([ramp], []);
        for (const to of [0, 2])
          run.frames.send(
            frameOf({ kind: SGD.model, to, stream: 3 + to, bytes: body.length, checksum: 0 }),
            ...chunksOf(3 + to, body),
          );
        for (const client of [0, 2]) {
          const [head] = (await required('a gradient in chunks', 'no other header comes between', run.frameOf(client)))
            .raw;
          expected(
            new DataView(head!.buffer).getUint32(44, true) !== 0,
            'a stream that is not 0',
            0,
            'header with a stream number not 0',
          );
        }
      },
    },
    {
      id: '3.5.3',
      title: 'keeps a chunked body with a wrong checksum as lost, rejected',
      section,
      async run(it) {
        const run = await it.running(large);
        run.begin({ cohort: [0] });
        const body = bodyOf([ramp], []);
        const [first, last] = [body.subarray(0, CHUNK_BYTES), body.subarray(CHUNK_BYTES)];
        run.frames.send(
          frameOf({ kind: SGD.model, to: 0, stream: 1, bytes: body.length, checksum: 0 }),
          chunkOf(1, 0, first),
          chunkOf(1, CHUNK_BYTES, last, crc32(body) ^ 1),
        );
        const { absences } = await required('a report', 'a frame whose checksum is wrong is rejected', run.done());
        equal(
          (absences as { why: string }[]).map(({ why }) => why),
          ['rejected'],
          'CRC-32 of the whole body in the last chunk',
        );
      },
    },
    closing(
      '3.5.4',
      'closes at a chunk of a stream that was not announced',
      'a chunk that does not follow',
      raw(chunkOf(5, 0, new Uint8Array(8))),
    ),
    closing(
      '3.5.5',
      'closes at a chunk that leaves a gap',
      'a chunk that does not follow',
      raw(
        frameOf({ kind: 1, to: 0, stream: 1, bytes: 2_000_000, checksum: 0 }),
        chunkOf(1, CHUNK_BYTES, new Uint8Array(8)),
      ),
    ),
    closing(
      '3.5.6',
      'closes at a header between the chunks of a body',
      'no other header comes between',
      raw(
        frameOf({ kind: 1, to: 0, stream: 1, bytes: 2_000_000, checksum: 0 }),
        frameOf({ kind: 1, to: 0 }, modelBody(1, 2, 3)),
      ),
    ),
    closing(
      '3.5.7',
      'closes at a chunk beyond the announced bytes',
      'a chunk that does not follow',
      raw(frameOf({ kind: 1, to: 0, stream: 1, bytes: 8, checksum: 0 }), chunkOf(1, 0, new Uint8Array(16))),
    ),
    closing(
      '3.5.8',
      'closes at a chunk with another length than it says',
      'bytes of the part',
      raw(
        frameOf({ kind: 1, to: 0, stream: 1, bytes: 2_000_000, checksum: 0 }),
        chunkOf(1, 0, new Uint8Array(16), 0, 24),
      ),
    ),
    closing(
      '3.6.1',
      'closes at a packed message with a wrong checksum',
      'a corrupt packed message',
      raw(packedOf({ type: 'restored-all', request: 1 }, { checksum: 1 })),
    ),
    closing(
      '3.6.2',
      'closes at a packed message that is not msgpack',
      'a corrupt packed message',
      raw(packedOf(hex('c1'))),
    ),
    closing(
      '3.6.3',
      'closes at a packed message of a type that is none',
      'packed messages, by type',
      raw(packedOf({ type: 'gossip', request: 1 })),
    ),
    closing(
      '3.6.4',
      'closes at a packed message with a key too many',
      'maps have exactly the keys of the text',
      raw(packedOf({ type: 'restored-all', request: 1, more: 1 })),
    ),
  ],
} satisfies Chapter<Coordinator>;
