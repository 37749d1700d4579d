import { expect } from 'chai';
import type { PartyId } from '../../protocol/method.js';
import { framesOf, partialSum } from '../../protocol/party/partial-sum.js';
import type { Packed } from '../../protocol/wire/control-messages.js';
import type { Frame } from '../../protocol/wire/frame.js';
import { layoutsOf } from '../../protocol/wire/layout.js';
import type { RoundPlan, Seal } from '../../protocol/wire/seal.js';
import { SummingLink } from '../../worker/summing-link.js';

type SumMessage = Extract<Packed, { type: 'sum' }>;

const KIND = { from: 'clients', to: 'coordinator', vectors: ['x'], scalars: ['n'], summed: () => 8 } as const;
const layout = layoutsOf({ update: KIND }, 'float32', 2).get('update')!;
const plan = { index: 3, attempt: 1, cohort: [0, 1, 2, 4] } as unknown as RoundPlan;

function frame(from: PartyId, values: readonly number[], changes: Partial<Frame> = {}): Frame {
  const message = layout.encode({ x: Float32Array.from(values), n: 1 }, null);
  const address = { kindIndex: 0, round: 3, attempt: 1, step: 0, from, to: 'coordinator' as const };
  return { ...address, arrivesAtMs: 10 + Number(from), lost: null, messages: [message], ...changes };
}

const seal = (from: PartyId, count: number): Seal => ({ round: 3, attempt: 1, from, counts: [count] });

/** A worker of clients 0, 2 and 4, and what left it. */
function worker() {
  const sent: Frame[] = [];
  const sums: SumMessage[] = [];
  const link = new SummingLink(
    {
      send: (one) => sent.push(one),
      seal: () => {},
      room: () => null,
      // As it was when it left.
      notify: (message) => sums.push(structuredClone(message) as SumMessage),
    },
    new Map([[0, layout]]),
    () => ({ parameterCount: 2, clientCount: 5, hyperparameters: {}, segments: [] }),
  );
  link.begin(plan, [0, 2, 4]);
  return { link, sent, sums };
}

const numbers = (message: SumMessage) => partialSum(message, layout, 2).sums.map((sum) => [...sum]);

describe('worker/summing-link', () => {
  it('sends one sum, with a record of each message, when the last client has sent its own', () => {
    const { link, sent, sums } = worker();
    link.send(frame(4, [1, 2]));
    link.send(frame(0, [0.5, -1]));
    expect([...sent, ...sums]).to.deep.equal([]);
    link.send(frame(2, [2, 4]));
    expect(sent).to.deep.equal([]);
    expect(sums).to.have.length(1);
    const { frames, kind, round, attempt, step } = sums[0]!;
    expect({ kind, round, attempt, step }).to.deep.equal({ kind: 0, round: 3, attempt: 1, step: 0 });
    expect(frames).to.deep.equal([4, 0, 2].map((from) => ({ from, arrivesAtMs: 10 + from, bodyBytes: 24 })));
    expect(numbers(sums[0]!)).to.deep.equal([[3.5, 5], [3]]);
  });

  it('waits for no client that has returned without a message, before the first message or after it', () => {
    for (const early of [true, false]) {
      const { link, sums } = worker();
      if (early) link.seal(seal(2, 0), ['coordinator']);
      link.send(frame(0, [1, 1]));
      link.send(frame(4, [1, 1]));
      if (!early) link.seal(seal(2, 0), ['coordinator']);
      expect(sums.map(numbers)).to.deep.equal([[[2, 2], [2]]]);
      link.seal(seal(4, 1), ['coordinator']);
      expect(sums).to.have.length(1);
    }
  });

  it('sends by itself what was lost, changed, or is beyond the bound, and a copy of it; a copy of what is summed is none', () => {
    const { link, sent, sums } = worker();
    const tampered = { tampered: { body: new Uint8Array(24), checksum: 1 } };
    const alone = [frame(0, [1, 1], { lost: 'dropped', messages: [] }), frame(2, [1, 8.5])];
    for (const one of alone) link.send(one);
    link.send(alone[1]!);
    expect(sums).to.deep.equal([]);
    link.send(frame(4, [1, 1]));
    link.send(frame(4, [1, 1]));
    expect(sent).to.deep.equal([...alone, alone[1]]);
    expect(sums.map(({ frames }) => frames.map(({ from }) => from))).to.deep.equal([[4]]);
    const other = worker();
    other.link.send(frame(0, [1, 1], tampered));
    expect(other.sent).to.have.length(1);
  });

  it('sends on what is of another attempt, and keeps nothing of it', () => {
    const { link, sent, sums } = worker();
    link.send(frame(0, [1, 1], { attempt: 0 }));
    expect(sent).to.have.length(1);
    link.send(frame(0, [1, 1]));
    link.begin({ ...plan, attempt: 2 }, [0, 2]);
    for (const from of [0, 2]) link.send(frame(from, [2, 2], { attempt: 2 }));
    expect(sums.map(({ attempt, frames }) => [attempt, frames.length])).to.deep.equal([[2, 2]]);
    expect(numbers(sums[0]!)).to.deep.equal([[4, 4], [2]]);
  });

  it('a sum of other lengths, that is not finite, or of two messages of a client is refused', () => {
    const { link, sums } = worker();
    for (const from of [0, 2, 4]) link.send(frame(from, [1, 1]));
    const [message] = sums as [SumMessage];
    expect(framesOf(partialSum(message, layout, 2)).map(({ from }) => from)).to.deep.equal([0, 2, 4]);
    const bytes = (...values: number[]) => new Uint8Array(Float64Array.from(values).buffer);
    const twice = [...message.frames, message.frames[0]!];
    for (const [change, expected] of [
      [{ sums: [bytes(1, 1)] }, 'of 2, 1 numbers, got 2'],
      [{ sums: [bytes(1), bytes(1)] }, 'of 2, 1 numbers, got 1, 1'],
      [{ sums: [bytes(1, Number.NaN), bytes(1)] }, 'expected a finite sum of one frame a sender'],
      [{ frames: twice }, 'expected a finite sum of one frame a sender'],
    ] as const)
      expect(() => partialSum({ ...message, ...change } as SumMessage, layout, 2)).to.throw(expected);
    const { summed: _, ...plain } = KIND;
    const other = layoutsOf({ update: plain }, 'float32', 2).get('update')!;
    expect(() => partialSum(message, other, 2)).to.throw('expected a sum only where it declares a bound');
  });
});
