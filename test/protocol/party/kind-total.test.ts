import { expect } from 'chai';
import { KindTotal } from '../../../protocol/party/kind-total.js';
import { framesOf } from '../../../protocol/party/partial-sum.js';
import { layoutsOf } from '../../../protocol/wire/layout.js';
import { resolveTiny } from '../../../scenarios/check/parts/tiny-problems.js';
import { runTiny } from '../../../scenarios/check/parts/tiny-run.js';
import { type LooseHalf, smallMethod } from '../../support/small-methods.js';

const UPDATE = { from: 'clients', to: 'coordinator', vectors: ['delta'], summed: () => 4 } as const;

/** Why the run failed, whose coordinator takes by `half` what its clients sent. */
async function failure(half: LooseHalf, posts = 1): Promise<string> {
  const client: LooseHalf = async (_state, at) => {
    at.postEach(
      'update',
      Array.from({ length: posts }, () => ({ to: 'coordinator', payload: { delta: at.zeros() } })),
    );
    return {};
  };
  const method = smallMethod({ update: UPDATE }, client, half);
  const scenario = await resolveTiny(method, { objective: 'quadratic', data: 'none', clients: 3, rounds: 1 } as never);
  return runTiny(scenario, method).then(
    ({ absences }) => absences.map(({ from, why }) => `${from} ${why}`).join(', '),
    (error: Error) => error.message,
  );
}

describe('a kind that declares the bound of its total', () => {
  it('is taken by its total alone, with that bound', async () => {
    const alone = "declares that it takes 'update' by total('update', 4) alone";
    const taken: LooseHalf = async (_state, at) => {
      await at.take('update');
      return {};
    };
    const streamed: LooseHalf = async (_state, at) => {
      for await (const _ of at.stream('update'));
      return {};
    };
    const bounded =
      (bound: number): LooseHalf =>
      async (_state, at) => {
        await at.total('update', bound);
        return {};
      };
    for (const half of [taken, streamed, bounded(5)]) expect(await failure(half)).to.include(alone);
    expect(await failure(bounded(4))).to.equal('');
  });

  it('has one message a sender in a step, where `most` does not say otherwise: the grid is that of so many', async () => {
    const total: LooseHalf = async (_state, at) => {
      await at.total('update', 4);
      return {};
    };
    expect(await failure(total, 2)).to.match(/at most 1 in a step|rejected/);
  });

  it('has vectors of the model and scalars alone, from clients to the coordinator', () => {
    const expected = "expected vectors of the model's length and scalars, from clients to the coordinator";
    for (const change of [{ to: 'peers' }, { bytes: ['b'] }, { integers: ['i'] }, { otherLengths: ['delta'] }])
      expect(() => layoutsOf({ update: { ...UPDATE, ...change } as never }, 'float64')).to.throw(expected);
  });

  it('the total of messages and sums is that of all messages, in any grouping', () => {
    const layout = layoutsOf({ update: UPDATE }, 'float64', 2).get('update')!;
    const messages = [1 / 3, 1e-9 / 7, -2.9, 3.7e-5, 1.1].map((value) => ({ delta: Float64Array.of(value, -value) }));
    const whole = new KindTotal(layout, 4, 5);
    for (const message of messages) whole.add(message);
    for (const cut of [1, 2, 4]) {
      const elsewhere = new KindTotal(layout, 4, 5);
      for (const message of messages.slice(cut)) elsewhere.add(message);
      const frames = messages.slice(cut).map((_, i) => ({ from: i, arrivesAtMs: 0, bodyBytes: 24 }));
      const sum = { kindIndex: 0, round: 0, attempt: 0, step: 0, frames, sums: elsewhere.exact };
      const here = new KindTotal(layout, 4, 5);
      for (const frame of framesOf(sum)) here.part(frame);
      here.addParts(() => new Float64Array(2));
      for (const message of messages.slice(0, cut)) here.add(message);
      expect(here.count).to.equal(5);
      expect(here.value(new Float64Array(0))).to.deep.equal(whole.value(new Float64Array(0)));
    }
  });

  it('a sum of whose messages one came by itself is refused', () => {
    const layout = layoutsOf({ update: UPDATE }, 'float64', 1).get('update')!;
    const frames = [0, 1].map((from) => ({ from, arrivesAtMs: 0, bodyBytes: 16 }));
    const sum = { kindIndex: 0, round: 0, attempt: 0, step: 0, frames, sums: [Float64Array.of(3)] };
    const total = new KindTotal(layout, 4, 3);
    total.part(framesOf(sum)[1]!);
    expect(() => total.addParts(() => new Float64Array(1))).to.throw('sums of messages that come in no other way');
  });

  it('a sum that no messages within the bound have is refused: beyond so many bounds, or off the grid', () => {
    const layout = layoutsOf({ update: UPDATE }, 'float64', 1).get('update')!;
    const frames = [0, 1].map((from) => ({ from, arrivesAtMs: 0, bodyBytes: 16 }));
    const withSum = (value: number) => {
      const total = new KindTotal(layout, 4, 3);
      const sum = { kindIndex: 0, round: 0, attempt: 0, step: 0, frames, sums: [Float64Array.of(value)] };
      for (const frame of framesOf(sum)) total.part(frame);
      total.addParts(() => new Float64Array(1));
      return total.count;
    };
    // Of three messages of at most 4 the grid reaches to 32: a step is 2^-52 of it.
    const step = 2 ** -47;
    for (const value of [8, -8, 3 * step]) expect(withSum(value)).to.equal(2);
    for (const value of [8 + 3 * step, -9, 1e300, step / 1024])
      expect(() => withSum(value), String(value)).to.throw('a sum on the grid of messages within the bound');
  });
});
