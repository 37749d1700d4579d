import { expect } from 'chai';
import type { Memory } from '../../../protocol/codecs/memory.js';
import { GradswarmError } from '../../../protocol/errors.js';
import type { Vector } from '../../../protocol/method.js';
import { rootStream } from '../../../protocol/numerics/random.js';
import { loadCodings, MessageCoding } from '../../../protocol/party/message-coding.js';
import type { AnyPayload } from '../../../protocol/wire/encoded-message.js';
import { joinBody } from '../../../protocol/wire/frame.js';
import { layoutsOf } from '../../../protocol/wire/layout.js';

const layouts = layoutsOf(
  { update: { from: 'clients', to: 'coordinator', vectors: ['delta', 'control'], lossy: 'any' } },
  'float64',
);
const layout = layouts.get('update')!;
const round = { rng: rootStream(5, 'float64').derive('round', 3), index: 3, self: 1, clockMs: 0 };
const silent = { receiveTransform: null, sendTransform: null, nsPerParameterCoded: () => 0 };
const coding = async (codec: object, kept = {}) =>
  new MessageCoding(await loadCodings({ update: codec as never }, []), 'float64', kept, silent);
const qsgd = { codec: { name: 'qsgd' }, memory: null, scope: 'vector' };
const errorFeedback = { codec: { name: 'top-k', count: 1 }, memory: { name: 'error-feedback' }, scope: 'vector' };

/** Between two levels of any quantiser, in every entry. */
const value = Float64Array.from({ length: 40 }, (_, i) => Math.PI * (1 + i / 7)) as Vector;
const payload: AnyPayload = { delta: value, control: value };

describe('coding of messages', () => {
  it('draws other coins for each field, step and position, and the same for the same', async () => {
    const bodies = new Set<string>();
    let messages = 0;
    for (const step of [0, 1])
      for (const position of [0, 1]) {
        const { delivered } = (await coding(qsgd)).encode(layout, step, undefined, payload, round, position);
        for (const field of ['delta', 'control']) {
          bodies.add(String(delivered[field]));
          messages++;
        }
      }
    expect(messages).to.equal(8);
    expect(bodies.size).to.equal(8);
    const again = (await coding(qsgd)).encode(layout, 1, undefined, payload, round, 1);
    expect(bodies.has(String(again.delivered.delta))).to.equal(true);
  });

  it('returns to the sender what the receiver decodes, bit for bit', async () => {
    for (const codec of [qsgd, errorFeedback]) {
      const { message, delivered } = (await coding(codec)).encode(layout, 0, 'a', payload, round);
      const [cut] = layout.split(joinBody({ messages: [message] }), 1);
      const frame = { kindIndex: 0, round: 3, attempt: 0, step: 0, arrivesAtMs: 0, lost: null, messages: [cut!] };
      const received = (await coding(codec)).decode(layout, { ...frame, from: 1, to: 'coordinator' }, cut!, 0, round);
      expect(received).to.deep.equal({ from: 1, ...delivered });
    }
  });

  it('keeps a memory for each field and stream, and leaves the record it began from as it was', async () => {
    const kept = Object.freeze({});
    const sender = await coding(errorFeedback, kept);
    sender.encode(layout, 0, 'a', payload, round);
    sender.encode(layout, 1, 'b', payload, round);
    sender.encode(layout, 2, null, payload, round);
    expect(Object.keys(sender.memories).sort()).to.deep.equal(
      ['', 'a', 'b'].flatMap((stream) => [`update/control/${stream}`, `update/delta/${stream}`]).sort(),
    );
    expect(kept).to.deep.equal({});
    const before = structuredClone(sender.memories);
    const next = await coding(errorFeedback, sender.memories);
    next.encode(layout, 0, 'a', payload, round);
    expect(sender.memories).to.deep.equal(before);
    expect(next.memories['update/delta/a']).to.not.deep.equal(before['update/delta/a']);
    expect(next.memories['update/delta/b']).to.deep.equal(before['update/delta/b']);
  });

  describe('what a memory reads', () => {
    const kinds = layoutsOf(
      {
        up: { from: 'clients', to: 'coordinator', vectors: ['v'], lossy: 'any' },
        aside: { from: 'clients', to: 'peers', vectors: ['v'], lossy: 'any' },
      },
      'float64',
    );
    /** The state of a memory after one message, whether the vector of it is needed, and what was given back of what was lent. */
    const afterOne = async (kind: 'up' | 'aside', spec: object, change: (memory: Memory) => Memory, lends = true) => {
      const codings = await loadCodings({ [kind]: spec as never }, []);
      const { codec, memory } = codings.get(kind)!;
      const lent = new Float64Array(value.length).fill(Number.NaN);
      const given: unknown[] = [];
      const vectors = { borrowLike: () => lent, giveBack: (vector: unknown) => given.push(vector) };
      const sender = new MessageCoding(
        new Map([[kind, { codec, memory: memory && change(memory) }]]),
        'float64',
        {},
        {
          ...silent,
          ...(lends && { vectors: vectors as never }),
        },
      );
      sender.encode(kinds.get(kind)!, 0, 'a', { v: value }, round);
      return { state: structuredClone(sender.memories), keeps: sender.keeps(value), given, lent };
    };
    const same = (memory: Memory): Memory => memory;

    for (const name of ['error-feedback', 'ef21', 'dgc'])
      it(`is written to a lent vector, with equal states, and that is given back: ${name}`, async () => {
        const spec = { ...errorFeedback, memory: { name } };
        const plain = await afterOne('up', spec, same, false);
        const { state, keeps, given, lent } = await afterOne('up', spec, same);
        expect(state).to.deep.equal(plain.state);
        expect(given).to.deep.equal([lent]);
        expect(keeps).to.equal(false);
      });

    it('is not given back, nor is the vector of the message, where the state holds it', async () => {
      const holding = (which: 0 | 1) => (memory: Memory) => ({
        ...memory,
        settle: (_state: unknown, ...vectors: readonly unknown[]) => ({ deep: [{ held: vectors[which] }] }),
      });
      const prepared = await afterOne('up', errorFeedback, holding(1));
      expect([prepared.given.length, prepared.keeps]).to.deep.equal([0, false]);
      const sent = await afterOne('up', errorFeedback, holding(0));
      expect([sent.given.length, sent.keeps]).to.deep.equal([1, true]);
    });

    it('keeps the vector of a message that may be put back, and of none without a memory', async () => {
      expect((await afterOne('aside', errorFeedback, same)).keeps).to.equal(true);
      expect((await afterOne('up', qsgd, same)).keeps).to.equal(false);
      const measured = { ...qsgd, codec: { name: 'adaptive', everyRounds: 4 } };
      expect((await afterOne('up', measured, same)).keeps, 'by which a level is chosen').to.equal(true);
    });
  });

  it('refuses a memory for personal payloads that name no stream: two receivers would share one remainder', async () => {
    const sender = await coding(errorFeedback);
    expect(() => sender.encode(layout, 0, undefined, payload, round)).to.throw(GradswarmError, 'ERR_CODEC_REFUSED');
  });
});
