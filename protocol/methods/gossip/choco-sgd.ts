import { defineMethod, type Vector } from '../../method.js';
import { requireOneOf, requirePositive } from '../../numerics/settings.js';
import { accumulate, addScaled, copy } from '../../numerics/vector.js';
import { type ScheduleSpec, scheduleOf } from '../../schedules/schedule.js';
import { checkGradientSettings, gradientDefaults, gradientOn, minibatch } from '../parts/minibatch.js';
import {
  beginGossip,
  exchange,
  type Gossip,
  LINK_FORMS,
  residualKind,
  settleGossip,
} from './parts/compressed-gossip.js';

interface Peer {
  readonly x: Vector;
  readonly replicas: Gossip;
}

const defaults = {
  stepSize: 0.05 as ScheduleSpec,
  ...gradientDefaults,
  /** gamma of the gossip step, in (0, 1]; smaller for stronger compression. */
  mixing: 0.5,
  /** 'plain': the published form, for one graph. 'acknowledged': a pair of copies for each link, for changing graphs. */
  links: 'plain',
};

export default defineMethod({
  name: 'choco-sgd',
  paper: {
    title: 'Decentralized Stochastic Optimization and Gossip Algorithms with Compressed Communication',
    url: 'https://arxiv.org/abs/1902.00340',
    algorithm: 'CHOCO-SGD, memory-efficient form',
  },
  defaults,
  check({ mixing, links, ...gradient }) {
    checkGradientSettings(gradient);
    requirePositive('method.mixing', mixing);
    requireOneOf('method.links', links, LINK_FORMS);
  },
  messages: { residual: { ...residualKind, losable: 'no' } },
  client: {
    init: ({ initialParams, hyperparameters: { links } }): Peer => ({
      x: initialParams,
      replicas: beginGossip(links, initialParams),
    }),
    async round({ x, replicas }, at): Promise<Peer> {
      const { stepSize, mixing } = at.hyperparameters;
      const step = scheduleOf(stepSize)(at.index);
      const settled = settleGossip(replicas, 'residual', at);
      const from = copy(x);
      if (settled.owed) accumulate(from, mixing, settled.owed);
      const half = addScaled(from, -step, await gradientOn(at, from, minibatch(at)));
      const { gossip, drift } = await exchange(settled.gossip, 'residual', half, at);
      return { x: addScaled(half, mixing, drift), replicas: gossip };
    },
    estimates: ({ x }) => [x],
  },
});
