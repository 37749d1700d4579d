import { defineMethod, type Vector } from '../method.js';
import { checkGradientSettings, gradientDefaults, gradientOn, minibatch } from '../numerics/minibatch.js';
import { requireOneOf } from '../numerics/settings.js';
import { add, addScaled, squaredNorm, subtract, zerosLike } from '../numerics/vector.js';
import { type ScheduleSpec, scheduleOf } from '../optimizers/schedules.js';
import { mix } from '../topology/mix.js';

interface Peer {
  readonly x: Vector;
  /** Tracker of the mean gradient: mean y = mean gradient after every round. */
  readonly y: Vector;
  /** Gradient at x; null before the first round, in which y begins as the gradient. */
  readonly gradient: Vector | null;
}

const defaults = {
  stepSize: 0.05 as ScheduleSpec,
  /** With batches: GNSD / DSGT; with all of the shard: DIGing. */
  ...gradientDefaults,
  /** 'cta': x = W x - step y, y = W y + dg, one message a round. 'atc': x = W (x - step y), y = W (y + dg), two. */
  form: 'cta',
};

/** Both recursions are from memory. Losses must be symmetric: one in one direction alone leaves the tracker biased for good. */
export default defineMethod({
  name: 'gradient-tracking',
  paper: {
    title: 'Achieving Geometric Convergence for Distributed Optimization over Time-Varying Graphs',
    url: 'https://arxiv.org/abs/1607.03218',
    algorithm: 'DIGing; with batches GNSD / DSGT; ATC form as in NEXT and Aug-DGM',
  },
  defaults,
  check({ form, ...gradient }) {
    checkGradientSettings(gradient);
    requireOneOf('method.form', form, ['cta', 'atc']);
  },
  messages: {
    iterate: { from: 'clients', to: 'peers', vectors: ['x', 'y'], lossy: 'any' },
    adapted: { from: 'clients', to: 'peers', vectors: ['x'], lossy: 'any' },
    corrected: { from: 'clients', to: 'peers', vectors: ['y'], lossy: 'any' },
  },
  client: {
    init: ({ initialParams }): Peer => ({ x: initialParams, y: zerosLike(initialParams), gradient: null }),
    async round(state, at): Promise<Peer> {
      const { stepSize, form } = at.hyperparameters;
      const { x } = state;
      const step = scheduleOf(stepSize)(at.index);
      const before = state.gradient ?? (await gradientOn(at, x, minibatch(at)));
      const y = state.gradient ? state.y : before;
      at.measure('trackedGradientSquared', squaredNorm(y));
      if (form === 'atc') {
        const saidX = at.post('adapted', at.links.tells, { x: addScaled(x, -step, y) });
        const nextX = mix(await at.take('adapted'), at.links, saidX.x, (message) => message.x);
        const gradient = await gradientOn(at, nextX, minibatch(at));
        const saidY = at.post('corrected', at.links.tells, { y: add(y, subtract(gradient, before)) });
        const nextY = mix(await at.take('corrected'), at.links, saidY.y, (message) => message.y);
        return { x: nextX, y: nextY, gradient };
      }
      const said = at.post('iterate', at.links.tells, { x, y });
      const heard = await at.take('iterate');
      const mixedX = mix(heard, at.links, said.x, (message) => message.x);
      const mixedY = mix(heard, at.links, said.y, (message) => message.y);
      const nextX = addScaled(mixedX, -step, y);
      const gradient = await gradientOn(at, nextX, minibatch(at));
      return { x: nextX, y: add(mixedY, subtract(gradient, before)), gradient };
    },
    estimates: ({ x }) => [x],
  },
});
