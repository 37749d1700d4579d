import { defineMethod, type Vector } from '../../method.js';
import { accumulate, add, addScaled, copy, squaredNorm, subtract, zerosLike } from '../../numerics/vector.js';
import { schedule, scheduleOf } from '../../schedules/schedule.js';
import { atLeastZero, count, positive } from '../../settings/kinds.js';
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
import { softThreshold } from './parts/proximal.js';

interface Peer {
  readonly x: Vector;
  /** Tracker of the mean gradient: mean y = mean gradient after every round in which nothing was lost. */
  readonly y: Vector;
  readonly gradient: Vector;
  readonly tracker: Gossip;
  readonly iterate: Gossip;
}

const settings = defineSettings({
  stepSize: schedule(0.05, 'Step size of each round'),
  ...gradientSettings,
  l1: atLeastZero(0, "lambda of r(x) = lambda |x|_1, which the objective's own loss does not hold"),
  trackerMixing: positive(0.5, 'Of the drift of the tracker, in (0, 1]; smaller for stronger compression'),
  iterateMixing: positive(0.5, 'Of the drift of the iterate, in (0, 1]; smaller for stronger compression'),
  links: linkForm('for lossless delivery and one graph'),
  trackerRestartRounds: count(
    null,
    'Rounds after which all peers set y = gradient again, for what acknowledgements cannot repair (a peer lost its state); null: never',
  ),
});

export default defineMethod({
  name: 'cdproxsgt',
  paper: {
    title:
      'Compressed Decentralized Proximal Stochastic Gradient Method for Nonconvex Composite Problems with Heterogeneous Data',
    url: 'https://arxiv.org/abs/2302.14252',
    algorithm: 'CDProxSGT',
    reconstruction:
      "recursion from the authors' code; the matrix form is reconstructed, not checked against the paper; acknowledged links and tracker restarts are additions",
  },
  settings,
  measures: ['trackedGradientSquared'],
  messages: { tracker: residualKind, iterate: residualKind },
  client: ({ hyperparameters: { stepSize, l1, trackerMixing, iterateMixing, trackerRestartRounds, links } }) => {
    const stepAt = scheduleOf(stepSize);
    return {
      init: ({ initialParams }): Peer => ({
        x: initialParams,
        y: zerosLike(initialParams),
        gradient: zerosLike(initialParams),
        tracker: beginGossip(links, initialParams),
        iterate: beginGossip(links, initialParams),
      }),
      async round(state, at): Promise<Peer> {
        const step = stepAt(at.index);
        const settledTracker = settleGossip(state.tracker, 'tracker', at);
        const settledIterate = settleGossip(state.iterate, 'iterate', at);
        const x = copy(state.x);
        if (settledIterate.owed) accumulate(x, iterateMixing, settledIterate.owed);

        const gradient = await gradientOn(at, x, minibatch(at));
        const restart = trackerRestartRounds !== null && at.index > 0 && at.index % trackerRestartRounds === 0;
        const corrected = restart ? copy(gradient) : add(state.y, subtract(gradient, state.gradient));
        if (settledTracker.owed && !restart) accumulate(corrected, trackerMixing, settledTracker.owed);
        const tracker = await exchange(settledTracker.gossip, 'tracker', corrected, at);
        const y = addScaled(corrected, trackerMixing, tracker.drift);

        const stepped = softThreshold(addScaled(x, -step, y), step * l1);
        const iterate = await exchange(settledIterate.gossip, 'iterate', stepped, at);
        at.measure('trackedGradientSquared', squaredNorm(y));
        return {
          x: addScaled(stepped, iterateMixing, iterate.drift),
          y,
          gradient,
          tracker: tracker.gossip,
          iterate: iterate.gossip,
        };
      },
      estimates: ({ x }) => [x],
      formerNames: FORMER_GOSSIP_NAMES,
    };
  },
});
