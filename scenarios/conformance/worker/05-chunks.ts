import { crc32 } from 'node:zlib';
import { type Chapter, equal, expected, required } from '../case.js';
import { closing, raw } from '../script/broken-frames.js';
import type { Coordinator } from '../script/coordinator.js';
import { bodyOf, CHUNK_BYTES, chunkOf, chunksOf, frameOf, hex, packedOf } from '../script/frames.js';
import { modelBody, SGD } from '../script/run.js';
import { PLAIN } from '../script/scenario.js';

const section = 'Frames';

/** Large enough for two chunks: 200,000 float64 numbers are 1.6 MB. */
const LARGE = 200_000;
const large = { objective: { ...(PLAIN.objective as object), name: 'quadratic', dimension: LARGE } };
const ramp = Float64Array.from({ length: LARGE }, (_, i) => i / 8);

export default {
  title: '5 Chunks and packed messages',
  cases: [
    {
      id: '5.1.1',
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
      id: '5.1.2',
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
      id: '5.1.3',
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
      '5.1.4',
      'closes at a chunk of a stream that was not announced',
      'a chunk that does not follow',
      raw(chunkOf(5, 0, new Uint8Array(8))),
    ),
    closing(
      '5.1.5',
      'closes at a chunk that leaves a gap',
      'a chunk that does not follow',
      raw(
        frameOf({ kind: 1, to: 0, stream: 1, bytes: 2_000_000, checksum: 0 }),
        chunkOf(1, CHUNK_BYTES, new Uint8Array(8)),
      ),
    ),
    closing(
      '5.1.6',
      'closes at a header between the chunks of a body',
      'no other header comes between',
      raw(
        frameOf({ kind: 1, to: 0, stream: 1, bytes: 2_000_000, checksum: 0 }),
        frameOf({ kind: 1, to: 0 }, modelBody(1, 2, 3)),
      ),
    ),
    closing(
      '5.1.7',
      'closes at a chunk beyond the announced bytes',
      'a chunk that does not follow',
      raw(frameOf({ kind: 1, to: 0, stream: 1, bytes: 8, checksum: 0 }), chunkOf(1, 0, new Uint8Array(16))),
    ),
    closing(
      '5.1.8',
      'closes at a chunk with another length than it says',
      'bytes of the part',
      raw(
        frameOf({ kind: 1, to: 0, stream: 1, bytes: 2_000_000, checksum: 0 }),
        chunkOf(1, 0, new Uint8Array(16), 0, 24),
      ),
    ),
    closing(
      '5.2.1',
      'closes at a packed message with a wrong checksum',
      'a corrupt packed message',
      raw(packedOf({ type: 'restored-all', request: 1 }, { checksum: 1 })),
    ),
    closing(
      '5.2.2',
      'closes at a packed message that is not msgpack',
      'a corrupt packed message',
      raw(packedOf(hex('c1'))),
    ),
    closing(
      '5.2.3',
      'closes at a packed message of a type that is none',
      'packed messages, by type',
      raw(packedOf({ type: 'gossip', request: 1 })),
    ),
    closing(
      '5.2.4',
      'closes at a packed message with a key too many',
      'maps have exactly the keys of the text',
      raw(packedOf({ type: 'restored-all', request: 1, more: 1 })),
    ),
  ],
} satisfies Chapter<Coordinator>;
