import { defineMethod, type Vector } from '../../method.js';
import { accumulate, addScaled, copy } from '../../numerics/vector.js';
import { schedule, scheduleOf } from '../../schedules/schedule.js';
import { positive } from '../../settings/kinds.js';
import { defineSettings } from '../../settings/settings.js';
import { gradientOn, gradientSettings, minibatch } from '../parts/minibatch.js';
import {
  beginGossip,
  exchange,
  FORMER_GOSSIP_NAMES,
  type Gossip,
  linkForm,
  residualKind,
  settleGossip,
} from './parts/compressed-gossip.js';

interface Peer {
  readonly x: Vector;
  readonly replicas: Gossip;
}

const settings = defineSettings({
  stepSize: schedule(0.05, 'Step size of each round'),
  ...gradientSettings,
  mixing: positive(0.5, 'gamma of the gossip step, in (0, 1]; smaller for stronger compression'),
  links: linkForm('for one graph'),
});

export default defineMethod({
  name: 'choco-sgd',
  paper: {
    title: 'Decentralized Stochastic Optimization and Gossip Algorithms with Compressed Communication',
    url: 'https://arxiv.org/abs/1902.00340',
    algorithm: 'CHOCO-SGD, memory-efficient form',
  },
  settings,
  messages: { residual: { ...residualKind, losable: 'no' } },
  client: ({ hyperparameters: { stepSize, mixing, links } }) => {
    const stepAt = scheduleOf(stepSize);
    return {
      init: ({ initialParams }): Peer => ({
        x: initialParams,
        replicas: beginGossip(links, initialParams),
      }),
      async round({ x, replicas }, at): Promise<Peer> {
        const step = stepAt(at.index);
        const settled = settleGossip(replicas, 'residual', at);
        const from = copy(x);
        if (settled.owed) accumulate(from, mixing, settled.owed);
        const half = addScaled(from, -step, await gradientOn(at, from, minibatch(at)));
        const { gossip, drift } = await exchange(settled.gossip, 'residual', half, at);
        return { x: addScaled(half, mixing, drift), replicas: gossip };
      },
      estimates: ({ x }) => [x],
      formerNames: FORMER_GOSSIP_NAMES,
    };
  },
});
