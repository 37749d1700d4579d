import { GradswarmError } from '../../errors.js';
import { defineMethod, type Vector } from '../../method.js';
import { addScaled, scale, subtract } from '../../numerics/vector.js';
import { loadOptimizer, optimizer } from '../../optimizers/load-optimizer.js';
import { count, positive } from '../../settings/kinds.js';
import { defineSettings } from '../../settings/settings.js';
import { counting } from '../parts/fits.js';
import { WeightedMean } from '../parts/weighted-mean.js';
import { descend, localBatches } from './fedavg.js';

interface Server {
  readonly params: Vector;
  readonly optimizer: object;
}

const settings = defineSettings({
  edgeRounds: count(2, 'Rounds between an edge server and its clients in a round of the run'),
  localEpochs: count(1, "Passes over the client's examples in a round of its edge server"),
  batchSize: count(32, 'Examples of a local step'),
  clientLearningRate: positive(0.1, 'Step size of a local step'),
  serverOptimizer: optimizer(
    { name: 'sgd', learningRate: 1 },
    "The coordinator's: takes minus the mean update for a gradient; SGD at rate 1 is the mean of the edge servers' models",
  ),
});

/**
 * FedAvg in two tiers. In a round of the run each edge server gets the model, makes `edgeRounds` rounds of FedAvg with its own clients, and
 * sends the coordinator what came of it. Between clients and edge servers messages go as between peers, so bytesPeer are those of the
 * lower tier and bytesUp and bytesDown those of the upper one, with 52 bytes down a client, by which it knows that no model is for it; links of
 * direction 'peer' give the lower one its bandwidth.
 */
export default defineMethod({
  name: 'hierarchical-fedavg',
  paper: {
    title: 'Client-Edge-Cloud Hierarchical Federated Learning',
    url: 'https://arxiv.org/abs/1905.06641',
    algorithm: 'HierFAVG',
    reconstruction: 'from memory of the paper; local epochs stand for its kappa 1 local steps, edgeRounds for kappa 2',
  },
  settings,
  messages: {
    model: { from: 'coordinator', to: 'cohort', vectors: ['params'], lossy: 'any' },
    'edge-model': { from: 'clients', to: 'peers', vectors: ['params'], lossy: 'any' },
    'edge-update': {
      from: 'clients',
      to: 'peers',
      vectors: ['delta'],
      scalars: ['examples'],
      lossy: 'any',
      fits: counting('examples'),
    },
    update: {
      from: 'clients',
      to: 'coordinator',
      vectors: ['delta'],
      scalars: ['examples'],
      lossy: 'any',
      fits: counting('examples'),
    },
  },
  client: ({ hyperparameters, edgeServers = [] }) => {
    const { edgeRounds, localEpochs, batchSize, clientLearningRate } = hyperparameters;
    return {
      init: () => null,
      async round(state, at) {
        const { inNeighbors, outNeighbors } = at.links;
        if (!edgeServers.includes(at.self)) {
          for (let k = 0; k < edgeRounds; k++) {
            const [model] = await at.take('edge-model');
            const { exampleCount } = at.objective;
            if (!model || exampleCount === 0) {
              // The step is used up, so that the next one is paired with the edge server's next.
              at.postEach('edge-update', []);
              continue;
            }
            const batches = localBatches(at.rng, exampleCount, localEpochs, batchSize);
            const local = await descend(at.objective, model.params, batches, clientLearningRate, 0);
            at.post('edge-update', inNeighbors, { delta: subtract(local, model.params), examples: exampleCount });
          }
          return state;
        }
        const [model] = await at.take('model');
        if (!model) return state;
        let params = scale(1, model.params);
        let examples = 0;
        for (let k = 0; k < edgeRounds; k++) {
          at.post('edge-model', outNeighbors, { params });
          const mean = new WeightedMean();
          for await (const update of at.stream('edge-update')) mean.add(update.examples, update.delta);
          if (mean.weight === 0) continue;
          params = addScaled(params, 1, mean.value());
          examples = Math.max(examples, mean.weight);
        }
        if (examples > 0) at.post('update', 'coordinator', { delta: subtract(params, model.params), examples });
        return state;
      },
    };
  },
  coordinator: ({ hyperparameters: { serverOptimizer }, segments, edgeServers = [] }) => {
    if (edgeServers.length === 0)
      throw new GradswarmError(
        'ERR_SCENARIO',
        "topology: expected one with edge servers for 'hierarchical-fedavg', such as { name: 'hierarchy', edges: 2 }",
      );
    const rule = loadOptimizer(serverOptimizer, segments);
    return {
      init: ({ initialParams }): Server => ({ params: initialParams, optimizer: rule.init(initialParams.length) }),
      async round(state, at): Promise<Server> {
        at.post('model', edgeServers, { params: state.params });
        const mean = new WeightedMean();
        for await (const { delta, examples } of at.stream('update')) mean.add(examples, delta);
        if (mean.weight === 0) return state;
        const [params, optimizer] = rule.update(scale(-1, mean.value()), state.optimizer, state.params);
        return { params, optimizer };
      },
      estimates: ({ params }) => [params],
    };
  },
});
