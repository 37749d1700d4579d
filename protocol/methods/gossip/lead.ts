import { type ClientIndex, defineMethod, type Vector } from '../../method.js';
import { accumulate, add, addScaled, copy, subtract, zerosLike } from '../../numerics/vector.js';
import { schedule, scheduleOf } from '../../schedules/schedule.js';
import { positive } from '../../settings/kinds.js';
import { defineSettings } from '../../settings/settings.js';
import { gradientOn, gradientSettings, minibatch } from '../parts/minibatch.js';
import { FORMER_GOSSIP_NAMES, requireSamePeers } from './parts/compressed-gossip.js';
import { mix } from './parts/mix.js';

interface Peer {
  readonly x: Vector;
  /** D, the dual variable; over all peers it sums to 0. */
  readonly dual: Vector;
  /** H, from which the sent differences are taken, and its mixed copy H_w = W H. */
  readonly reference: Vector;
  readonly mixedReference: Vector;
  /** In-neighbours of the last round; null before the first. */
  readonly inNeighbors: readonly ClientIndex[] | null;
}

const settings = defineSettings({
  stepSize: schedule(0.05, 'Step size of each round'),
  ...gradientSettings,
  dualStep: positive(1, 'gamma of the dual step'),
  referenceStep: positive(0.5, 'alpha with which the reference follows, in (0, 1]'),
});

export default defineMethod({
  name: 'lead',
  paper: {
    title: 'Linear Convergent Decentralized Optimization with Compression',
    url: 'https://arxiv.org/abs/2007.00232',
    algorithm: 'LEAD',
    reconstruction: 'the recursion is reconstructed, not checked against the paper',
  },
  settings,
  messages: {
    difference: {
      from: 'clients',
      to: 'peers',
      vectors: ['q'],
      lossy: 'unbiased',
      memory: 'method',
      losable: 'no',
    },
  },
  client: ({ hyperparameters: { stepSize, dualStep, referenceStep } }) => {
    const stepAt = scheduleOf(stepSize);
    return {
      init({ initialParams }): Peer {
        const zero = zerosLike(initialParams);
        return { x: initialParams, dual: zero, reference: zero, mixedReference: zero, inNeighbors: null };
      },
      async round({ x, dual, reference, mixedReference, inNeighbors }, at): Promise<Peer> {
        requireSamePeers(inNeighbors, at.links.inNeighbors, 'take a fixed topology');
        const step = stepAt(at.index);
        const descended = addScaled(x, -step, await gradientOn(at, x, minibatch(at)));
        const primal = addScaled(descended, -step, dual);
        const sent = at.post('difference', at.links.outNeighbors, { q: subtract(primal, reference) });
        const received = await at.take('difference');
        const estimate = add(reference, sent.q);
        const mixed = add(
          mixedReference,
          mix(received, at.links, sent.q, (message) => message.q),
        );
        const nextDual = accumulate(copy(dual), dualStep / (2 * step), subtract(estimate, mixed));
        return {
          x: accumulate(descended, -step, nextDual),
          dual: nextDual,
          reference: addScaled(reference, referenceStep, subtract(estimate, reference)),
          mixedReference: addScaled(mixedReference, referenceStep, subtract(mixed, mixedReference)),
          inNeighbors: at.links.inNeighbors,
        };
      },
      estimates: ({ x }) => [x],
      formerNames: FORMER_GOSSIP_NAMES,
    };
  },
});
