import { defineMethod, type Vector } from '../../method.js';
import { add, addScaled, squaredNorm, subtract, zerosLike } from '../../numerics/vector.js';
import { schedule, scheduleOf } from '../../schedules/schedule.js';
import { oneOf } from '../../settings/kinds.js';
import { defineSettings } from '../../settings/settings.js';
import { gradientOn, gradientSettings, minibatch } from '../parts/minibatch.js';
import { mix } from './parts/mix.js';

interface Peer {
  readonly x: Vector;
  /** Tracker of the mean gradient: mean y = mean gradient after every round. */
  readonly y: Vector;
  /** Gradient at x; null before the first round, in which y begins as the gradient. */
  readonly gradient: Vector | null;
}

const settings = defineSettings({
  stepSize: schedule(0.05, 'Step size of each round'),
  // With batches: GNSD / DSGT; with all of the shard: DIGing.
  ...gradientSettings,
  form: oneOf(
    ['cta', 'atc'],
    'cta',
    'cta: x = W x - step y, y = W y + dg, one message a round; atc: x = W (x - step y), y = W (y + dg), two',
  ),
});

/** Both recursions are reconstructed, not checked against the paper. Losses must be symmetric: one in one direction alone biases the tracker permanently. */
export default defineMethod({
  name: 'gradient-tracking',
  paper: {
    title: 'Achieving Geometric Convergence for Distributed Optimization over Time-Varying Graphs',
    url: 'https://arxiv.org/abs/1607.03218',
    algorithm: 'DIGing; with batches GNSD / DSGT; ATC form as in NEXT and Aug-DGM',
    reconstruction:
      'Reconstructed, not checked against the papers: both forms and the weight of a lost message, which stays with its receiver.',
  },
  settings,
  measures: ['trackedGradientSquared'],
  messages: {
    iterate: { from: 'clients', to: 'peers', vectors: ['x', 'y'], lossy: 'any' },
    adapted: { from: 'clients', to: 'peers', vectors: ['x'], lossy: 'any' },
    corrected: { from: 'clients', to: 'peers', vectors: ['y'], lossy: 'any' },
  },
  client: ({ hyperparameters: { stepSize, form } }) => {
    const stepAt = scheduleOf(stepSize);
    return {
      init: ({ initialParams }): Peer => ({ x: initialParams, y: zerosLike(initialParams), gradient: null }),
      async round(state, at): Promise<Peer> {
        const { x } = state;
        const step = stepAt(at.index);
        const before = state.gradient ?? (await gradientOn(at, x, minibatch(at)));
        const y = state.gradient ? state.y : before;
        at.measure('trackedGradientSquared', squaredNorm(y));
        if (form === 'atc') {
          const sentX = at.post('adapted', at.links.outNeighbors, { x: addScaled(x, -step, y) });
          const nextX = mix(await at.take('adapted'), at.links, sentX.x, (message) => message.x);
          const gradient = await gradientOn(at, nextX, minibatch(at));
          const sentY = at.post('corrected', at.links.outNeighbors, { y: add(y, subtract(gradient, before)) });
          const nextY = mix(await at.take('corrected'), at.links, sentY.y, (message) => message.y);
          return { x: nextX, y: nextY, gradient };
        }
        const sent = at.post('iterate', at.links.outNeighbors, { x, y });
        const received = await at.take('iterate');
        const mixedX = mix(received, at.links, sent.x, (message) => message.x);
        const mixedY = mix(received, at.links, sent.y, (message) => message.y);
        const nextX = addScaled(mixedX, -step, y);
        const gradient = await gradientOn(at, nextX, minibatch(at));
        return { x: nextX, y: add(mixedY, subtract(gradient, before)), gradient };
      },
      estimates: ({ x }) => [x],
    };
  },
});
