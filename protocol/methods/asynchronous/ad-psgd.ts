import { defineMeetings } from '../../meetings.js';
import type { Vector } from '../../method.js';
import { addScaled } from '../../numerics/vector.js';
import { positive } from '../../settings/kinds.js';
import { defineSettings } from '../../settings/settings.js';
import { mix } from '../gossip/parts/mix.js';
import { gradientOn, gradientSettings, minibatch } from '../parts/minibatch.js';

interface Peer {
  readonly x: Vector;
  /** Finished by the time of the client's next own meeting; null: it has not begun. */
  readonly gradient: Vector | null;
  /** The meeting at which the gradient began. */
  readonly beganAt: number;
}

const settings = defineSettings({
  stepSize: positive(0.05, 'Step size of each gradient'),
  ...gradientSettings,
});

export default defineMeetings({
  name: 'ad-psgd',
  paper: {
    title: 'Asynchronous Decentralized Parallel Stochastic Gradient Descent',
    url: 'https://arxiv.org/abs/1710.06952',
    algorithm: 'AD-PSGD: two models are averaged, then a gradient of an older one is applied',
    reconstruction:
      'Reconstructed, not checked against the paper; the default values are ours. What is minimised weights clients by how many gradients ' +
      'they make: the fast count more, unless shards are alike.',
  },
  settings,
  measures: ['age'],
  messages: { model: { from: 'clients', to: 'peers', vectors: ['x'], lossy: 'any' } },
  client: ({ hyperparameters: { stepSize } }) => ({
    init: ({ initialParams }): Peer => ({ x: initialParams, gradient: null, beganAt: 0 }),
    async round(state, at): Promise<Peer> {
      const sent = at.post('model', at.links.outNeighbors, { x: state.x });
      const met = mix(await at.take('model'), at.links, sent.x, (message) => message.x);
      if (!at.isReady) return { ...state, x: met };
      const { gradient, beganAt } = state;
      if (gradient) at.measure('age', at.index - beganAt - 1);
      const x = gradient ? addScaled(met, -stepSize, gradient) : met;
      return { x, gradient: await gradientOn(at, x, minibatch(at)), beganAt: at.index };
    },
    estimates: ({ x }) => [x],
  }),
});
