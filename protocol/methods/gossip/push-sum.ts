import { type ClientIndex, defineMethod, type PartyId, type ReadonlyVector, type Vector } from '../../method.js';
import { accumulate, addScaled, copy, scale } from '../../numerics/vector.js';
import { schedule, scheduleOf } from '../../schedules/schedule.js';
import { defineSettings } from '../../settings/settings.js';
import { gradientOn, gradientSettings, minibatch } from '../parts/minibatch.js';

/** What was sent in the last round, and the share of it that each peer was to get. */
interface Sent {
  readonly z: Vector;
  readonly weight: number;
  readonly shares: readonly { readonly to: ClientIndex; readonly share: number }[];
}

interface Peer {
  readonly z: Vector;
  /** Mass: over all peers, with what is under way, it sums to the number of peers. The estimate is z / weight. */
  readonly weight: number;
  readonly sent: Sent | null;
}

interface Mass {
  readonly z: ReadonlyVector;
  readonly weight: number;
}

const settings = defineSettings({
  stepSize: schedule(0.05, 'Step size of each round'),
  ...gradientSettings,
});

/** z and weight together with `share` of what was sent. */
function credited(kept: Mass, sent: Mass, share: number): Mass {
  return { z: addScaled(kept.z, share, sent.z), weight: kept.weight + share * sent.weight };
}

/**
 * Stochastic gradient push over directed graphs with column-stochastic weights (topology.weights 'push-sum'): z = P (z - step g(z /
 * weight)), weight = P weight. The mass of a message that its receiver did not use goes back to the sender one round later, so
 * losses in one direction keep both sums.
 */
export default defineMethod({
  name: 'push-sum',
  paper: {
    title: 'Stochastic Gradient Push for Distributed Deep Learning',
    url: 'https://arxiv.org/abs/1811.10792',
    algorithm: 'SGP',
    reconstruction:
      'the recursion is reconstructed, not checked against the paper; returning the mass of lost messages is an addition',
  },
  settings,
  messages: { mass: { from: 'clients', to: 'peers', vectors: ['z'], scalars: ['weight'] } },
  client: ({ hyperparameters: { stepSize } }) => {
    const stepAt = scheduleOf(stepSize);
    return {
      init: ({ initialParams }): Peer => ({ z: initialParams, weight: 1, sent: null }),
      async round(state, at): Promise<Peer> {
        const { links, self } = at;
        const step = stepAt(at.index);
        const unused = new Set<PartyId>(at.undelivered.map(({ to }) => to));
        let own: Mass = { z: state.z, weight: state.weight };
        for (const { to, share } of state.sent?.shares ?? [])
          if (unused.has(to)) own = credited(own, state.sent!, share);
        const gradient = await gradientOn(at, scale(1 / own.weight, own.z), minibatch(at));
        // The gradient is the client's, whatever mass it holds: over all peers z moves by the sum of the gradients.
        const z = addScaled(own.z, -step, gradient);
        const mass = { z, weight: own.weight };
        at.post('mass', links.outNeighbors, mass);
        const received = await at.take('mass');
        const next = { z: scale(0, z), weight: 0 };
        for (const message of received) {
          const share = links.weightFrom(message.from);
          accumulate(next.z, share, message.z);
          next.weight += share * message.weight;
        }
        // A peer that did not run received nothing, and sends no acknowledgement.
        const away = new Set(
          received.absent.flatMap(({ from, why }) => (why === 'crashed' || why === 'aborted' ? [from] : [])),
        );
        let kept: Mass = next;
        const shares: { to: ClientIndex; share: number }[] = [];
        for (const to of links.outNeighbors) {
          if (to === self) continue;
          const share = links.weightTo(to);
          if (away.has(to)) kept = credited(kept, mass, share);
          else shares.push({ to, share });
        }
        return { z: copy(kept.z), weight: kept.weight, sent: { z, weight: own.weight, shares } };
      },
      estimates: ({ z, weight }) => [scale(1 / weight, z)],
    };
  },
});
