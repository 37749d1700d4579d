import {
  type ClientIndex,
  type Delivery,
  defineMethod,
  type ReadonlyVector,
  type Rng,
  type Vector,
} from '../../protocol/method.js';
import { accumulate, addScaled, copy, scale, zerosLike } from '../../protocol/numerics/vector.js';
import { number } from '../../protocol/settings/kinds.js';
import { defineSettings } from '../../protocol/settings/settings.js';

interface Client {
  readonly x: Vector;
  readonly rounds: number;
}
interface Server {
  readonly params: Vector;
  readonly answers: Int32Array;
}

/** What is due in a round: a function of its index and its shared stream, so that all parties agree. */
function duties(index: number, shared: Rng) {
  return {
    /** Exchanges of model and answer. */
    steps: 1 + (index % 3),
    /** Does the coordinator show the model to all, or to clients of one parity only? */
    audience: index % 4 === 2 ? ((index >> 2) % 2 === 0 ? 'even' : 'odd') : 'all',
    shares: index % 3 === 1,
    /** In some rounds clients whose index is a multiple of 3 send nothing to the others, which continue when those have returned. */
    silent: index % 12 === 4,
    gossips: index % 2 === 1 ? 1 + (index % 3) : 0,
    tally: index % 3 !== 2,
    /** Clients take it at the very end of some rounds, and in half of them only the coordinator's seal comes. */
    awaitsClosing: index % 4 >= 2,
    closing: index % 4 === 3,
    coin: shared.derive('coin').below(SENDER_GROUPS),
  };
}
const SENDER_GROUPS = 3;

/** Order shows: every message is folded with a factor that depends on how many came before. */
function fold(x: Vector, messages: Iterable<{ readonly from: unknown }>, vector: string): Vector {
  let result = copy(x);
  let position = 0;
  for (const message of messages) {
    const value = (message as unknown as Record<string, ReadonlyVector>)[vector]!;
    result = addScaled(scale(0.75, result), 0.25 / (1 + position), value);
    position++;
  }
  return result;
}

/**
 * Computes nothing of use. It does everything a method may do with its mailbox, in another combination each round: several
 * exchanges, steps without content, kinds that are not posted at all, no or several deliveries to one receiver, kinds from
 * client to client, sums and streams.
 */
export const probeMethod = defineMethod({
  name: 'probe',
  paper: { title: 'none', url: 'none', algorithm: 'a probe of the contract suite' },
  settings: defineSettings({ rate: number(0.1, 'A rate') }),
  messages: {
    model: { from: 'coordinator', to: 'cohort', vectors: ['params'], integers: ['order'], lossy: 'any' },
    closing: { from: 'coordinator', to: 'cohort', vectors: ['params'], scalars: ['weight'] },
    answer: { from: 'clients', to: 'coordinator', vectors: ['delta'], bytes: ['note'], lossy: 'any' },
    tally: { from: 'clients', to: 'coordinator', vectors: ['direction'], integers: ['counts'], scalars: ['norm'] },
    share: { from: 'clients', to: 'cohort', vectors: ['part'], lossy: 'unbiased' },
    gossip: { from: 'clients', to: 'peers', vectors: ['x'], lossy: 'any' },
  },
  client: {
    init: ({ initialParams, rng }): Client => ({
      x: addScaled(initialParams, 0.01, rng.normal(initialParams.length)),
      rounds: 0,
    }),
    async round({ x: kept, rounds }, at): Promise<Client> {
      const due = duties(at.index, at.shared);
      const { objective, rng, self } = at;
      let x: Vector = kept;
      for (let step = 0; step < due.steps; step++) {
        const inbox = await at.take('model');
        x = fold(x, inbox, 'params');
        const sends = (self + at.index + step) % SENDER_GROUPS !== due.coin;
        const gradient = await objective.gradient(x, rng.batch(objective.exampleCount, 2));
        if (sends && inbox.length > 0)
          at.post('answer', 'coordinator', { delta: gradient, note: Uint8Array.of(self, step, inbox.length) });
        else if (due.awaitsClosing || step + 1 < due.steps) at.postEach('answer', []);
      }
      if (due.shares && !(due.silent && self % 3 === 0)) {
        const parts: Delivery<{ vectors: readonly ['part'] }>[] = [];
        for (const peer of at.cohort)
          for (let copies = (self + peer + at.index) % 3; copies > 0; copies--)
            parts.push({ to: peer, payload: { part: scale(1 / (copies + peer), x) }, stream: `${peer}/${copies}` });
        const delivered = at.postEach('share', parts);
        x = fold(x, await at.take('share'), 'part');
        for (const { part } of delivered) x = addScaled(x, 1e-3, part);
      }
      for (let step = 0; step < due.gossips; step++) {
        const receivers = at.links.outNeighbors.filter((peer) => (peer + step) % 2 === 0);
        at.post('gossip', step === 0 ? at.links.outNeighbors : receivers, { x });
        x = fold(x, await at.take('gossip'), 'x');
      }
      if (due.tally && (self + at.index) % 2 === 0)
        at.post('tally', 'coordinator', {
          direction: scale(at.hyperparameters.rate, x),
          counts: Int32Array.of(self, -at.index),
          norm: at.undelivered.length,
        });
      else if (due.tally && due.awaitsClosing) at.postEach('tally', []);
      // A client that waits for the coordinator's seal must not keep the coordinator waiting for its own.
      if (due.awaitsClosing)
        for (const { params, weight } of await at.take('closing')) x = addScaled(x, weight, params);
      at.measure('undelivered', at.undelivered.length);
      return { x: addScaled(x, 1e-3, rng.derive('end').normal(x.length)), rounds: rounds + 1 };
    },
    estimates: ({ x }) => [x],
  },
  coordinator: {
    init: ({ initialParams, clientCount }): Server => ({ params: initialParams, answers: new Int32Array(clientCount) }),
    async round({ params: kept, answers: counts }, at): Promise<Server> {
      const due = duties(at.index, at.shared);
      let params: Vector = kept;
      const answers = counts.slice();
      for (let step = 0; step < due.steps; step++) {
        const audience = at.cohort.filter(
          (client: ClientIndex) => due.audience === 'all' || (client % 2 === 0) === (due.audience === 'even'),
        );
        const order = Uint32Array.of(at.index, step);
        if (step % 2 === 0) at.post('model', audience, { params, order });
        else
          at.postEach(
            'model',
            audience.map((to) => ({ to, payload: { params: scale(1 + to / 64, params), order }, stream: to })),
          );
        const sum = zerosLike(params);
        for await (const { from, delta, note } of at.stream('answer')) {
          accumulate(sum, -at.hyperparameters.rate / (1 + note[2]!), delta);
          answers[from as ClientIndex]! += 1 + step;
        }
        params = addScaled(params, 1, sum);
      }
      if (due.tally) {
        const { count, sum } = await at.total('tally', 2 ** 40);
        if (count > 0) params = addScaled(params, 0.1 / count + 1e-6 * sum.norm + 1e-9 * sum.counts[1]!, sum.direction);
      }
      if (due.closing) at.post('closing', at.cohort, { params, weight: 0.5 });
      return { params, answers };
    },
    estimates: ({ params }) => [params],
  },
});
