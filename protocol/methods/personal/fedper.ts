import { defineMethod, type Vector } from '../../method.js';
import { subtract } from '../../numerics/vector.js';
import { count, positive } from '../../settings/kinds.js';
import { defineSettings } from '../../settings/settings.js';
import { descend, localBatches } from '../federated/fedavg.js';
import { PersonalLayers, personalLayersSetting } from './parts/personal-layers.js';
import { sharedLayersMessages, sharedLayersServer } from './parts/shared-layers.js';

interface Client {
  /** The client's own layers; they never leave it. */
  readonly personal: Vector;
}

const settings = defineSettings({
  personal: personalLayersSetting,
  localEpochs: count(1, "Passes over the client's examples"),
  batchSize: count(32, 'Examples of a local step'),
  clientLearningRate: positive(0.1, 'Step size of a local step'),
});

export default defineMethod({
  name: 'fedper',
  paper: {
    title: 'Federated Learning with Personalization Layers',
    url: 'https://arxiv.org/abs/1912.00818',
    algorithm: 'FedPer: base layers are averaged, personal ones stay',
    reconstruction: 'Reconstructed, not checked against the paper.',
  },
  settings,
  weighsBy: () => 'examples',
  messages: sharedLayersMessages,
  estimateLength: (run) => new PersonalLayers(run).personalPositions.length,
  client: (run) => {
    const layers = new PersonalLayers(run);
    const { localEpochs, batchSize, clientLearningRate } = run.hyperparameters;
    return {
      init: ({ initialParams }): Client => ({ personal: layers.personalOf(initialParams) }),
      async round(state, at): Promise<Client> {
        const [model] = await at.take('model');
        const { exampleCount } = at.objective;
        if (!model || exampleCount === 0) return state;
        // SGD on all layers together, from the server's base and the client's own head.
        const start = layers.join(model.shared, state.personal);
        const batches = localBatches(at.rng, exampleCount, localEpochs, batchSize);
        const local = await descend(at.objective, start, batches, clientLearningRate, 0);
        const delta = subtract(layers.sharedOf(local), model.shared);
        at.post('update', 'coordinator', { delta, examples: exampleCount });
        return { personal: layers.personalOf(local) };
      },
      estimates: ({ personal }) => [personal],
    };
  },
  coordinator: (run) => sharedLayersServer(new PersonalLayers(run)),
});
