import { defineMethod, type Vector } from '../../method.js';
import { add, addScaled, subtract } from '../../numerics/vector.js';
import { schedule, scheduleOf } from '../../schedules/schedule.js';
import { defineSettings } from '../../settings/settings.js';
import { gradientOn, gradientSettings, minibatch } from '../parts/minibatch.js';
import { mix } from './parts/mix.js';

interface Peer {
  readonly x: Vector;
  /** x - step * gradient of the round before; at first x itself. */
  readonly stepped: Vector;
}

const settings = defineSettings({
  stepSize: schedule(0.05, 'Step size of each round'),
  ...gradientSettings,
});

/**
 * x^{t+1} = W (2 x^t - x^{t-1} - step (g^t - g^{t-1})), x^1 = W (x^0 - step g^0), written with s^t = x^t - step g^t as
 * x^{t+1} = W (s^t + x^t - s^{t-1}), s^{-1} = x^0. The smallest eigenvalue of W must be above -1/3: on an even ring set
 * topology.lazy. A message lost in one direction stays in the memory term. The recursion is reconstructed, not checked against the paper.
 */
export default defineMethod({
  name: 'd2',
  paper: {
    title: 'D2: Decentralized Training over Decentralized Data',
    url: 'https://arxiv.org/abs/1803.07068',
    algorithm: 'D2',
    reconstruction: 'Reconstructed, not checked against the paper.',
  },
  settings,
  messages: { iterate: { from: 'clients', to: 'peers', vectors: ['x'], lossy: 'any' } },
  client: ({ hyperparameters: { stepSize } }) => {
    const stepAt = scheduleOf(stepSize);
    return {
      init: ({ initialParams }): Peer => ({ x: initialParams, stepped: initialParams }),
      async round({ x, stepped }, at): Promise<Peer> {
        const step = stepAt(at.index);
        const next = addScaled(x, -step, await gradientOn(at, x, minibatch(at)));
        const sent = at.post('iterate', at.links.outNeighbors, { x: add(next, subtract(x, stepped)) });
        return { x: mix(await at.take('iterate'), at.links, sent.x, (message) => message.x), stepped: next };
      },
      estimates: ({ x }) => [x],
    };
  },
});
