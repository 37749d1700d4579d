import { defineMethod, type Vector } from '../../method.js';
import { accumulate, addScaled, squaredNorm, subtract, zerosLike } from '../../numerics/vector.js';
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

/** A replicated vector, and the drift of its replicas' last exchange. */
interface Replicated {
  readonly gossip: Gossip;
  readonly drift: Vector;
}

interface Peer {
  readonly x: Vector;
  /** Tracker of the mean gradient: mean v = mean gradient after every round. */
  readonly v: Vector;
  /** Null before the first round. */
  readonly gradient: Vector | null;
  readonly iterate: Replicated;
  readonly tracker: Replicated;
}

const settings = defineSettings({
  stepSize: schedule(0.05, 'Step size of each round'),
  ...gradientSettings,
  mixing: positive(0.2, 'gamma of both gossip steps, in (0, 1]; smaller for stronger compression'),
  links: linkForm('for one graph'),
});

export default defineMethod({
  name: 'beer',
  paper: {
    title: 'BEER: Fast O(1/T) Rate for Decentralized Nonconvex Optimization with Communication Compression',
    url: 'https://arxiv.org/abs/2201.13320',
    algorithm: 'BEER',
  },
  settings,
  measures: ['trackedGradientSquared'],
  messages: {
    iterate: { ...residualKind, losable: 'no' },
    tracker: { ...residualKind, losable: 'no' },
  },
  client: ({ hyperparameters: { stepSize, mixing, links } }) => {
    const stepAt = scheduleOf(stepSize);
    return {
      init({ initialParams }): Peer {
        const begin = (): Replicated => ({
          gossip: beginGossip(links, initialParams),
          drift: zerosLike(initialParams),
        });
        return { x: initialParams, v: zerosLike(initialParams), gradient: null, iterate: begin(), tracker: begin() };
      },
      async round(state, at): Promise<Peer> {
        const step = stepAt(at.index);
        const before = state.gradient ?? (await gradientOn(at, state.x, minibatch(at)));
        const v = state.gradient ? state.v : before;
        const settledIterate = settleGossip(state.iterate.gossip, 'iterate', at);
        const settledTracker = settleGossip(state.tracker.gossip, 'tracker', at);

        const x = addScaled(state.x, -step, v);
        accumulate(x, mixing, state.iterate.drift);
        if (settledIterate.owed) accumulate(x, mixing, settledIterate.owed);
        const gradient = await gradientOn(at, x, minibatch(at));
        const tracked = addScaled(v, mixing, state.tracker.drift);
        if (settledTracker.owed) accumulate(tracked, mixing, settledTracker.owed);
        accumulate(tracked, 1, subtract(gradient, before));

        const iterate = await exchange(settledIterate.gossip, 'iterate', x, at);
        const tracker = await exchange(settledTracker.gossip, 'tracker', tracked, at);
        at.measure('trackedGradientSquared', squaredNorm(tracked));
        return { x, v: tracked, gradient, iterate, tracker };
      },
      estimates: ({ x }) => [x],
      formerNames: FORMER_GOSSIP_NAMES,
    };
  },
});
