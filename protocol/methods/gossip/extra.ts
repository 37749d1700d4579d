import { defineMethod, type Vector } from '../../method.js';
import { add, addScaled, scale, subtract } from '../../numerics/vector.js';
import { schedule, scheduleOf } from '../../schedules/schedule.js';
import { defineSettings } from '../../settings/settings.js';
import { gradientOn, gradientSettings, minibatch } from '../parts/minibatch.js';
import { mix } from './parts/mix.js';

interface Peer {
  readonly x: Vector;
  /** (I + W) / 2 x - step * gradient of the round before; at first x itself. */
  readonly memory: Vector;
}

const settings = defineSettings({
  stepSize: schedule(0.05, 'Step size of each round'),
  ...gradientSettings,
});

/**
 * x^1 = W x^0 - step g^0, x^{t+2} = (I + W) x^{t+1} - (I + W) / 2 x^t - step (g^{t+1} - g^t). One vector a round: W x^t is kept
 * in the memory term, so a message lost in one direction stays there. The recursion is reconstructed, not checked against the paper.
 */
export default defineMethod({
  name: 'extra',
  paper: {
    title: 'EXTRA: An Exact First-Order Algorithm for Decentralized Consensus Optimization',
    url: 'https://arxiv.org/abs/1404.6264',
    algorithm: 'EXTRA',
    reconstruction: 'Reconstructed, not checked against the paper.',
  },
  settings,
  messages: { iterate: { from: 'clients', to: 'peers', vectors: ['x'], lossy: 'any' } },
  client: ({ hyperparameters: { stepSize } }) => {
    const stepAt = scheduleOf(stepSize);
    return {
      init: ({ initialParams }): Peer => ({ x: initialParams, memory: initialParams }),
      async round({ x, memory }, at): Promise<Peer> {
        const step = stepAt(at.index);
        const gradient = await gradientOn(at, x, minibatch(at));
        const sent = at.post('iterate', at.links.outNeighbors, { x });
        const both = add(
          sent.x,
          mix(await at.take('iterate'), at.links, sent.x, (message) => message.x),
        );
        return {
          x: addScaled(subtract(both, memory), -step, gradient),
          memory: addScaled(scale(0.5, both), -step, gradient),
        };
      },
      estimates: ({ x }) => [x],
    };
  },
});
