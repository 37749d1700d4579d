import { defineMethod, type Vector } from '../../method.js';
import { accumulate, add, addScaled, subtract, zerosLike } from '../../numerics/vector.js';
import { schedule, scheduleOf } from '../../schedules/schedule.js';
import { positive } from '../../settings/kinds.js';
import { defineSettings } from '../../settings/settings.js';
import { gradientOn, gradientSettings, minibatch } from '../parts/minibatch.js';
import { mix } from './parts/mix.js';

interface Peer {
  readonly x: Vector;
  /** delta, what compression left out of the last message. */
  readonly leftOut: Vector;
}

const settings = defineSettings({
  stepSize: schedule(0.05, 'Step size of each round'),
  ...gradientSettings,
  mixing: positive(0.2, 'eta of the gossip step; smaller for stronger compression'),
});

/**
 * v = x - step g + delta, c = Q(v), delta = v - c, x = x - step g + mixing sum_j (w_ij - [i = j]) c_j. The whole model is
 * compressed, not a residual: there are no replicas to lose, and none to make the error vanish.
 */
export default defineMethod({
  name: 'deepsqueeze',
  paper: {
    title: 'DeepSqueeze: Decentralization Meets Error-Compensated Compression',
    url: 'https://arxiv.org/abs/1907.07346',
    algorithm: 'DeepSqueeze',
    reconstruction: 'the recursion is reconstructed, not checked against the paper',
  },
  settings,
  messages: { iterate: { from: 'clients', to: 'peers', vectors: ['x'], lossy: 'any', memory: 'method' } },
  client: ({ hyperparameters: { stepSize, mixing } }) => {
    const stepAt = scheduleOf(stepSize);
    return {
      init: ({ initialParams }): Peer => ({ x: initialParams, leftOut: zerosLike(initialParams) }),
      async round({ x, leftOut }, at): Promise<Peer> {
        const step = stepAt(at.index);
        const half = addScaled(x, -step, await gradientOn(at, x, minibatch(at)));
        const whole = add(half, leftOut);
        const sent = at.post('iterate', at.links.outNeighbors, { x: whole });
        const mixed = mix(await at.take('iterate'), at.links, sent.x, (message) => message.x);
        return { x: accumulate(half, mixing, subtract(mixed, sent.x)), leftOut: subtract(whole, sent.x) };
      },
      estimates: ({ x }) => [x],
    };
  },
});
