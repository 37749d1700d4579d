import type { CoordinatorRound, MessageKinds, ReadonlyVector, Setup } from '../../../method.js';
import { addScaled } from '../../../numerics/vector.js';
import { counting, ofLengths } from '../../parts/fits.js';
import { WeightedMean } from '../../parts/weighted-mean.js';
import { PersonalLayers } from './personal-layers.js';

/** What methods with personal layers have in common: the shared layers travel, and the server averages their changes. */

const fitsShared = ofLengths((run) => ({ delta: new PersonalLayers(run).sharedPositions.length }));
const counts = counting('examples');

export const sharedLayersMessages = {
  model: { from: 'coordinator', to: 'cohort', vectors: ['shared'], otherLengths: ['shared'], lossy: 'any' },
  update: {
    from: 'clients',
    to: 'coordinator',
    vectors: ['delta'],
    otherLengths: ['delta'],
    scalars: ['examples'],
    lossy: 'any',
    fits: (message, run) => counts(message, run) && fitsShared(message, run),
  },
} as const satisfies MessageKinds;

/** The server's state. */
export interface SharedLayers {
  readonly shared: ReadonlyVector;
  /** The personal layers that every client begins with. */
  readonly initial: ReadonlyVector;
}

/** Federated averaging of the shared layers, by examples. There is no common model: only clients are evaluated. */
export function sharedLayersServer(layers: PersonalLayers) {
  return {
    init: ({ initialParams }: Setup<unknown>): SharedLayers => ({
      shared: layers.sharedOf(initialParams),
      initial: layers.personalOf(initialParams),
    }),
    async round(
      state: SharedLayers,
      at: CoordinatorRound<unknown, typeof sharedLayersMessages>,
    ): Promise<SharedLayers> {
      at.post('model', at.cohort, { shared: state.shared });
      const mean = new WeightedMean();
      for await (const { delta, examples } of at.stream('update')) mean.add(examples, delta);
      return mean.weight === 0 ? state : { ...state, shared: addScaled(state.shared, 1, mean.value()) };
    },
    estimates: () => [],
    personal: ({ shared, initial }: SharedLayers, own: ReadonlyVector | null) => layers.join(shared, own ?? initial),
  };
}
