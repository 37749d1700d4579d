import { defineMethod, type Vector } from '../../method.js';
import { addScaled } from '../../numerics/vector.js';
import { schedule, scheduleOf } from '../../schedules/schedule.js';
import { oneOf } from '../../settings/kinds.js';
import { defineSettings } from '../../settings/settings.js';
import { gradientOn, gradientSettings, minibatch } from '../parts/minibatch.js';
import { mix } from './parts/mix.js';

interface Peer {
  readonly x: Vector;
}

const settings = defineSettings({
  stepSize: schedule(0.05, 'Step size of each round'),
  ...gradientSettings,
  form: oneOf(
    ['cta', 'atc'],
    'cta',
    'Combine then adapt, x = W x - step g(x), or adapt then combine, x = W (x - step g(x))',
  ),
});

/** Reconstructed, not checked against the paper. With a constant step it stops at the solution of (I - W) X + step G(X) = 0, not at the minimum. */
export default defineMethod({
  name: 'dgd',
  paper: {
    title: 'Distributed Subgradient Methods for Multi-Agent Optimization',
    url: 'https://doi.org/10.1109/TAC.2008.2009515',
    algorithm: 'decentralised (sub)gradient descent',
    reconstruction: 'Reconstructed, not checked against the paper.',
  },
  settings,
  messages: { iterate: { from: 'clients', to: 'peers', vectors: ['x'], lossy: 'any' } },
  client: ({ hyperparameters: { stepSize, form } }) => {
    const stepAt = scheduleOf(stepSize);
    return {
      init: ({ initialParams }): Peer => ({ x: initialParams }),
      async round({ x }, at): Promise<Peer> {
        const step = stepAt(at.index);
        const gradient = await gradientOn(at, x, minibatch(at));
        const sent = at.post('iterate', at.links.outNeighbors, {
          x: form === 'atc' ? addScaled(x, -step, gradient) : x,
        });
        const mixed = mix(await at.take('iterate'), at.links, sent.x, (message) => message.x);
        return { x: form === 'atc' ? mixed : addScaled(mixed, -step, gradient) };
      },
      estimates: ({ x }) => [x],
    };
  },
});
