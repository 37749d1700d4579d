import { defineMethod, type Objective, type ReadonlyVector, type Vector } from '../../method.js';
import { copy, subtract } from '../../numerics/vector.js';
import { count, positive } from '../../settings/kinds.js';
import { defineSettings } from '../../settings/settings.js';
import { localBatches } from '../federated/fedavg.js';
import { PersonalLayers, personalLayersSetting } from './parts/personal-layers.js';
import { sharedLayersMessages, sharedLayersServer } from './parts/shared-layers.js';

interface Client {
  /** The client's own layers; they never leave it. */
  readonly personal: Vector;
}

const settings = defineSettings({
  personal: personalLayersSetting,
  personalEpochs: count(5, 'Passes in which the personal layers alone move'),
  localEpochs: count(1, 'Passes in which then the shared layers alone move'),
  batchSize: count(32, 'Examples of a local step'),
  clientLearningRate: positive(0.1, 'Step size of a local step'),
});

/** SGD on the entries at these positions; the others stay. */
async function descendAt(
  positions: Uint32Array,
  objective: Objective,
  start: ReadonlyVector,
  batches: readonly Uint32Array[],
  rate: number,
): Promise<Vector> {
  const y = copy(start);
  let gradient: Vector | undefined;
  for (const batch of batches) {
    gradient = await objective.gradient(y, batch, gradient);
    for (const at of positions) y[at] = y[at]! - rate * gradient[at]!;
  }
  return y;
}

export default defineMethod({
  name: 'fedrep',
  paper: {
    title: 'Exploiting Shared Representations for Personalized Federated Learning',
    url: 'https://arxiv.org/abs/2102.07078',
    algorithm: 'FedRep: first the head, then the representation',
    reconstruction: 'Reconstructed, not checked against the paper. The server weighs clients by their examples.',
  },
  settings,
  weighsBy: () => 'examples',
  messages: sharedLayersMessages,
  estimateLength: (run) => new PersonalLayers(run).personalPositions.length,
  client: (run) => {
    const layers = new PersonalLayers(run);
    const { personalEpochs, localEpochs, batchSize, clientLearningRate: rate } = run.hyperparameters;
    const { personalPositions, sharedPositions } = layers;
    return {
      init: ({ initialParams }): Client => ({ personal: layers.personalOf(initialParams) }),
      async round(state, at): Promise<Client> {
        const [model] = await at.take('model');
        const { objective, rng } = at;
        const { exampleCount } = objective;
        if (!model || exampleCount === 0) return state;
        const start = layers.join(model.shared, state.personal);
        const first = localBatches(rng.derive('personal'), exampleCount, personalEpochs, batchSize);
        const withHead = await descendAt(personalPositions, objective, start, first, rate);
        const then = localBatches(rng, exampleCount, localEpochs, batchSize);
        const local = await descendAt(sharedPositions, objective, withHead, then, rate);
        const delta = subtract(layers.sharedOf(local), model.shared);
        at.post('update', 'coordinator', { delta, examples: exampleCount });
        return { personal: layers.personalOf(local) };
      },
      estimates: ({ personal }) => [personal],
    };
  },
  coordinator: (run) => sharedLayersServer(new PersonalLayers(run)),
});
