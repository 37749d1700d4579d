import { defineMethod, type Vector } from '../../method.js';
import { add, addScaled, scale, subtract } from '../../numerics/vector.js';
import { schedule, scheduleOf } from '../../schedules/schedule.js';
import { defineSettings } from '../../settings/settings.js';
import { gradientOn, gradientSettings, minibatch } from '../parts/minibatch.js';
import { mix } from './parts/mix.js';

interface Peer {
  readonly x: Vector;
  /** psi, x - step * gradient of the round before; at first x itself. */
  readonly adapted: Vector;
}

const settings = defineSettings({
  stepSize: schedule(0.05, 'Step size of each round'),
  ...gradientSettings,
});

/**
 * Adapt psi^t = x^t - step g^t, correct phi^t = psi^t + x^t - psi^{t-1}, combine x^{t+1} = (I + W) / 2 phi^t: the recursion of D2
 * with (I + W) / 2 in place of W, so that every W with eigenvalues above -1 will do. The recursion is from
 * memory.
 */
export default defineMethod({
  name: 'exact-diffusion',
  paper: {
    title: 'Exact Diffusion for Distributed Optimization and Learning, Part I',
    url: 'https://arxiv.org/abs/1702.05122',
    algorithm: 'exact diffusion',
    reconstruction: 'Reconstructed, not checked against the paper.',
  },
  settings,
  messages: { iterate: { from: 'clients', to: 'peers', vectors: ['phi'], lossy: 'any' } },
  client: ({ hyperparameters: { stepSize } }) => {
    const stepAt = scheduleOf(stepSize);
    return {
      init: ({ initialParams }): Peer => ({ x: initialParams, adapted: initialParams }),
      async round({ x, adapted }, at): Promise<Peer> {
        const step = stepAt(at.index);
        const next = addScaled(x, -step, await gradientOn(at, x, minibatch(at)));
        const sent = at.post('iterate', at.links.outNeighbors, { phi: add(next, subtract(x, adapted)) });
        const mixed = mix(await at.take('iterate'), at.links, sent.phi, (message) => message.phi);
        return { x: scale(0.5, add(sent.phi, mixed)), adapted: next };
      },
      estimates: ({ x }) => [x],
    };
  },
});
