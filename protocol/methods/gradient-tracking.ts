import { defineMethod, type Vector } from '../method.js';
import { requireCount, requireOneOf } from '../numerics/settings.js';
import { add, addScaled, subtract, zerosLike } from '../numerics/vector.js';
import { type ScheduleSpec, scheduleOf } from '../optimizers/schedules.js';
import { mix } from '../topology/mix.js';

interface Peer {
  readonly x: Vector;
  /** Tracker of the mean gradient: mean y = mean gradient after every round. */
  readonly y: Vector;
  readonly gradient: Vector;
}

const defaults = {
  stepSize: 0.05 as ScheduleSpec,
  /** Examples of a gradient; null: all of the shard (DIGing), else GNSD / DSGT. */
  batchSize: null as number | null,
  /** 'cta': x = W x - step y, y = W y + dg. 'atc': x = W (x - step y), y = W (y + dg). */
  form: 'cta',
};

export default defineMethod({
  name: 'gradient-tracking',
  paper: {
    title: 'Achieving Geometric Convergence for Distributed Optimization over Time-Varying Graphs',
    url: 'https://arxiv.org/abs/1607.03218',
    algorithm: 'DIGing; with batches GNSD / DSGT; ATC form as in NEXT and Aug-DGM',
  },
  defaults,
  check({ batchSize, form }) {
    if (batchSize !== null) requireCount('method.batchSize', batchSize);
    requireOneOf('method.form', form, ['cta', 'atc']);
  },
  messages: { iterate: { from: 'clients', to: 'peers', vectors: ['x', 'y'], lossy: 'any' } },
  client: {
    // y = 0 and gradient = 0 keep the sums equal and cost one idle round: there is no special first case.
    init: ({ initialParams }): Peer => ({
      x: initialParams,
      y: zerosLike(initialParams),
      gradient: zerosLike(initialParams),
    }),
    async round({ x, y, gradient }, at): Promise<Peer> {
      const { stepSize, batchSize, form } = at.hyperparameters;
      const step = scheduleOf(stepSize)(at.index);
      const { exampleCount } = at.objective;
      const batch = at.rng.batch(exampleCount, batchSize ?? exampleCount);
      const correct = async (at_: Vector) => (await at.objective.gradient(at_, batch)) as Vector;
      if (form === 'atc') {
        // One message a round: the tracker's correction at x comes first, then both are mixed.
        const fresh = await correct(x);
        const corrected = add(y, subtract(fresh, gradient));
        const said = at.post('iterate', at.links.tells, { x: addScaled(x, -step, corrected), y: corrected });
        const heard = await at.take('iterate');
        return {
          x: mix(heard, at.links, said.x, (message) => message.x),
          y: mix(heard, at.links, said.y, (message) => message.y),
          gradient: fresh,
        };
      }
      const said = at.post('iterate', at.links.tells, { x, y });
      const heard = await at.take('iterate');
      const nextX = addScaled(
        mix(heard, at.links, said.x, (message) => message.x),
        -step,
        y,
      );
      const mixedY = mix(heard, at.links, said.y, (message) => message.y);
      const nextGradient = await correct(nextX);
      return { x: nextX, y: add(mixedY, subtract(nextGradient, gradient)), gradient: nextGradient };
    },
    estimates: ({ x }) => [x],
  },
});
