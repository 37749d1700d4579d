import { defineMethod, type Vector } from '../../method.js';
import { add, addScaled, squaredNorm, subtract, zerosLike } from '../../numerics/vector.js';
import { schedule, scheduleOf } from '../../schedules/schedule.js';
import { atLeastZero } from '../../settings/kinds.js';
import { defineSettings } from '../../settings/settings.js';
import { gradientOn, gradientSettings, minibatch } from '../parts/minibatch.js';
import { mix } from './parts/mix.js';
import { softThreshold } from './parts/proximal.js';

interface Peer {
  readonly x: Vector;
  /** Tracker of the mean gradient: mean y = mean gradient after every round. */
  readonly y: Vector;
  readonly gradient: Vector;
}

const settings = defineSettings({
  stepSize: schedule(0.05, 'Step size of each round'),
  ...gradientSettings,
  l1: atLeastZero(0, "lambda of r(x) = lambda |x|_1, which the objective's own loss does not hold"),
});

export default defineMethod({
  name: 'dproxsgt',
  paper: {
    title:
      'Compressed Decentralized Proximal Stochastic Gradient Method for Nonconvex Composite Problems with Heterogeneous Data',
    url: 'https://arxiv.org/abs/2302.14252',
    algorithm: 'DProxSGT, stepping with the mixed tracker',
    reconstruction:
      "Recursion from the authors' code; the matrix form is reconstructed, not checked against the paper.",
  },
  settings,
  measures: ['trackedGradientSquared'],
  messages: {
    tracker: { from: 'clients', to: 'peers', vectors: ['y'], lossy: 'any' },
    iterate: { from: 'clients', to: 'peers', vectors: ['x'], lossy: 'any' },
  },
  client: ({ hyperparameters: { stepSize, l1 } }) => {
    const stepAt = scheduleOf(stepSize);
    return {
      init: ({ initialParams }): Peer => ({
        x: initialParams,
        y: zerosLike(initialParams),
        gradient: zerosLike(initialParams),
      }),
      async round(state, at): Promise<Peer> {
        const step = stepAt(at.index);
        const gradient = await gradientOn(at, state.x, minibatch(at));
        const corrected = at.post('tracker', at.links.outNeighbors, {
          y: add(state.y, subtract(gradient, state.gradient)),
        });
        const y = mix(await at.take('tracker'), at.links, corrected.y, (message) => message.y);
        const stepped = softThreshold(addScaled(state.x, -step, y), step * l1);
        const sent = at.post('iterate', at.links.outNeighbors, { x: stepped });
        const x = mix(await at.take('iterate'), at.links, sent.x, (message) => message.x);
        at.measure('trackedGradientSquared', squaredNorm(y));
        return { x, y, gradient };
      },
      estimates: ({ x }) => [x],
    };
  },
});
