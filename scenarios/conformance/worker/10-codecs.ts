import { type Case, type Chapter, equal, required } from '../case.js';
import type { Coordinator } from '../script/coordinator.js';
import { Averaging, numbersOf } from '../script/fedavg.js';
import { hex } from '../script/frames.js';
import { CODEC_VECTORS, MEMORY_VECTORS } from '../script/vectors.js';
import { ADAPTIVE } from './parts/adaptive.js';

const section = 'protocol-codecs.md: Codecs';
const TOP_2 = { name: 'top-k', count: 2 };

/** Bodies that no encoder writes, for a float32 vector of so many numbers. */
const INVALID: readonly (readonly [
  codec: { name: string; [setting: string]: unknown },
  what: string,
  length: number,
  body: string,
])[] = [
  [{ name: 'fp16' }, 'an infinity', 1, '007c'],
  [{ name: 'bf16' }, 'a byte too few', 2, '803f80'],
  [{ name: 'int8-linear' }, 'the level −128', 2, '0000803f7f80'],
  [{ name: 'int8-dynamic' }, 'an infinite scale', 1, '0000807f7f'],
  [{ name: 'scaled-sign' }, 'a negative mean', 3, '000080bf05'],
  [{ name: 'one-bit' }, 'a bit after the last sign', 1, '0000803f0000000002'],
  [{ name: 'natural' }, 'the exponent of infinity', 1, 'ff00'],
  [{ name: 'terngrad' }, '243, which is no five digits', 5, '0000803ff3'],
  [{ name: 'qsgd', levels: 2 }, 'a level beyond s', 1, '0000803f05'],
  [{ name: 'qsgd', coding: 'entropy' }, 'levels that end too early', 4, '0000803f000000'],
  [{ name: 'top-k', count: 1 }, 'an index beyond the vector', 4, 'c0030000803f'],
  [{ name: 'threshold' }, 'a count above the length', 2, '030000000000803f'],
  [{ name: 'random-k', count: 1 }, 'a value that is infinite', 4, '01000000020000000000807f'],
];

const encoding = CODEC_VECTORS.map(
  ({ codec, meaning, precision, values, body }, i): Case<Coordinator> => ({
    id: `10.1.${i + 1}`,
    title: `encodes ${codec.name}: ${meaning}`,
    section,
    async run(it) {
      const update = numbersOf(values);
      const fed = await Averaging.open(it, update.length, precision, { update: codec as never });
      fed.begin();
      fed.sendFor(update);
      const frame = await required('an update', 'fedavg posts its update', fed.update());
      equal(
        frame.body,
        fed.bodyOf(hex(body), update.length),
        `the body of ${codec.name}, with the coins of the update`,
      );
    },
  }),
);

const decoding = CODEC_VECTORS.map(
  ({ codec, meaning, precision, body, decoded }, i): Case<Coordinator> => ({
    id: `10.2.${i + 1}`,
    title: `decodes ${codec.name}: ${meaning}`,
    section,
    async run(it) {
      const model = numbersOf(decoded);
      const fed = await Averaging.open(it, model.length, precision, { model: codec as never });
      fed.begin();
      fed.send(hex(body), model.length);
      const frame = await required('an update', 'the model could be decoded', fed.update());
      equal(frame.body, fed.bodyOf(fed.updateOf(model), model.length), 'minus half of the decoded model');
    },
  }),
);

const refusing = INVALID.map(
  ([codec, what, length, body], i): Case<Coordinator> => ({
    id: `10.3.${i + 1}`,
    title: `rejects ${what} in ${codec.name}`,
    section: 'protocol-codecs.md: Conventions',
    async run(it) {
      const fed = await Averaging.open(it, length, 'float32', { model: codec as never });
      fed.begin();
      fed.send(hex(body), length);
      const { absences } = await required('a report', 'the half returns without a post', fed.run.done());
      equal(
        (absences as { why: string }[]).map(({ why }) => why),
        ['rejected'],
        'what no encoder writes is refused, its sender absent',
      );
    },
  }),
);

const remembering = MEMORY_VECTORS.map(
  ({ memory, values, bodies, memories }, i): Case<Coordinator> => ({
    id: `10.4.${i + 1}`,
    title: `keeps what ${memory.name} leaves out from round to round`,
    section: 'protocol-codecs.md: Memories',
    async run(it) {
      const fed = await Averaging.open(it, 5, 'float32', { update: { codec: TOP_2, memory: memory as never } });
      for (const [n, text] of values.entries()) {
        const round = 3 + n;
        fed.begin(round);
        fed.sendFor(numbersOf(text), round);
        const { body } = await required('an update', 'fedavg posts its update', fed.update());
        equal(body, fed.bodyOf(hex(bodies[n]!), 5), `message ${n + 1} of the stream`);
        await fed.run.done();
        fed.settle({ round });
      }
      const record = (await fed.run.collected(1, 'records')).get(2);
      const found = record !== undefined && Buffer.from(record).includes(Buffer.from(memories, 'hex'));
      equal(found ? memories : record, memories, 'the memory as it stands in the record');
    },
  }),
);

export default {
  title: '10 Codecs',
  cases: [
    ...encoding,
    ...decoding,
    ...refusing,
    ...remembering,
    {
      id: '10.4.4',
      title: 'leaves a memory as it was when the round is abandoned',
      section: 'protocol-codecs.md: Memories',
      async run(it) {
        const { memory, values, bodies } = MEMORY_VECTORS[0]!;
        const fed = await Averaging.open(it, 5, 'float32', { update: { codec: TOP_2, memory: memory as never } });
        for (const attempt of [0, 1]) {
          fed.begin(3, attempt);
          fed.sendFor(numbersOf(values[0]!), 3, attempt);
          const { body } = await required('an update', 'fedavg posts its update', fed.update());
          equal(body, fed.bodyOf(hex(bodies[0]!), 5), 'memories change only when a round is settled');
          await fed.run.done();
          fed.settle({ attempt, abandoned: true });
        }
      },
    },
    {
      id: '10.4.5',
      title: 'continues from a memory that was restored',
      section: 'protocol-codecs.md: Memories',
      async run(it) {
        const { memory, values, bodies } = MEMORY_VECTORS[0]!;
        const fed = await Averaging.open(it, 5, 'float32', { update: { codec: TOP_2, memory: memory as never } });
        fed.begin();
        fed.sendFor(numbersOf(values[0]!));
        await fed.run.done();
        fed.settle();
        const record = (await fed.run.collected(1, 'records')).get(2)!;
        const again = await it.assign(fed.run.control, fed.run.assign.scenario, { clients: [0, 2], epoch: 1 });
        await again.introduce();
        again.frames.sendPacked({ type: 'restore', client: 2, data: record });
        again.frames.sendPacked({ type: 'restored-all', request: 1 });
        await required('restored-all', 'the record is taken', again.frames.packed('restored-all'));
        const restored = fed.over(again);
        restored.begin(4);
        restored.sendFor(numbersOf(values[1]!), 4);
        const { body } = await required('an update', 'fedavg posts its update', restored.update());
        equal(body, fed.bodyOf(hex(bodies[1]!), 5), 'the second message of the stream');
      },
    },
    {
      id: '10.5.1',
      title: 'puts its length before a body without a fixed size under scope tensor',
      section: 'protocol-codecs.md: Scope `tensor`',
      async run(it) {
        const { values, body } = CODEC_VECTORS.find(({ codec }) => codec.name === 'top-k')!;
        const update = numbersOf(values);
        const fed = await Averaging.open(it, update.length, 'float32', {
          update: { codec: { name: 'top-k', count: 3 }, scope: 'tensor' },
        });
        fed.begin();
        fed.sendFor(update);
        const frame = await required('an update', 'fedavg posts its update', fed.update());
        const data = Buffer.concat([Uint8Array.of(body.length / 2, 0, 0, 0), hex(body)]);
        equal(
          frame.body,
          fed.bodyOf(Uint8Array.from(data), update.length),
          'the model is one segment; its length as u32, its body',
        );
      },
    },
    {
      id: '10.5.2',
      title: 'counts the bytes of what a codec wrote',
      section: 'Reports',
      async run(it) {
        const fed = await Averaging.open(it, 8, 'float32', { update: { name: 'bf16' } });
        fed.begin();
        fed.sendFor([1, 2, 3, 4, 5, 6, 7, 8]);
        const { bytes } = await required('a report', 'one for each begin', fed.run.done());
        // 48 of header, 8 of lengths, 8 of the scalar, 16 of data: 80, with 2 of framing and 4 of mask.
        equal(
          (bytes as { up: unknown }).up,
          { raw: 32, payload: 16, wire: 86 },
          'vectors before and after the codec, whole messages',
        );
      },
    },
    ...ADAPTIVE,
  ],
} satisfies Chapter<Coordinator>;
