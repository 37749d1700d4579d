import './loaded-rules.js';
import type { CodecContract } from '../../protocol/codecs/codec.js';
import { faults } from '../../protocol/faults/parts/load-fault.js';
import { type Catalogue, type CodecEntry, tableOf } from '../../protocol/scenario/catalogue.js';
import type { ExpectationFamily } from '../../protocol/scenario/expectation.js';
import { defaultExports } from './default-exports.js';

/** A small catalogue with every case a scenario can meet: server and peer methods, kinds that allow this codec or that. */

const EXPECTATIONS = new URL('../../protocol/scenario/expectations/', import.meta.url);

const families: Record<string, ExpectationFamily> = {};
for (const [name, family] of await defaultExports(EXPECTATIONS)) families[name] = family as ExpectationFamily;

/** Every expectation of the folder, by file name. */
export const expectations = {
  names: () => Object.keys(families).sort(),
  find: (name: string): ExpectationFamily | undefined => families[name],
};

function codec(contract: CodecContract, defaults: object): CodecEntry {
  return { defaults, contract: () => contract };
}

export const tinyCatalogue: Catalogue = {
  methods: tableOf({
    fedavg: {
      defaults: {
        localEpochs: 1,
        clientLearningRate: 0.1,
        nesterov: false,
        batchSize: null,
        layers: [16, 16],
        optimizer: { name: 'sgd', learningRate: 1 },
        clipping: { radius: 1, adaptive: { quantile: 0.5 } },
      },
      check({ clientLearningRate }: { clientLearningRate: number }) {
        if (clientLearningRate <= 0)
          throw new Error(`clientLearningRate: expected more than 0, got ${clientLearningRate}`);
      },
      messages: {
        model: { from: 'coordinator', to: 'cohort', vectors: ['params'] },
        update: { from: 'clients', to: 'coordinator', vectors: ['delta'], scalars: ['examples'], lossy: 'any' },
        masked: { from: 'clients', to: 'coordinator', vectors: ['sum'], lossy: 'unbiased' },
        kept: { from: 'clients', to: 'coordinator', vectors: ['shift'], lossy: 'any', memory: 'method' },
        count: { from: 'clients', to: 'coordinator', scalars: ['examples'] },
      },
    },
    'gradient-tracking': {
      defaults: { step: 0.05 },
      messages: { iterate: { from: 'clients', to: 'peers', vectors: ['x', 'y'] } },
    },
  }),
  objectives: tableOf({ 'softmax-regression': { defaults: { l2: 0 } }, quadratic: { defaults: { condition: 10 } } }),
  datasets: tableOf({ 'gaussian-clusters': { defaults: { classes: 10, examples: 1000 } }, mnist: { defaults: {} } }),
  partitions: tableOf({ iid: { defaults: {} }, dirichlet: { defaults: { alpha: 0.5 } } }),
  topologies: tableOf({ ring: { defaults: {} }, torus: { defaults: { rows: 2 } } }),
  codecs: tableOf<CodecEntry>({
    identity: codec('lossless', {}),
    'top-k': codec('contractive', { fraction: 0.1, values: { name: 'identity' } }),
    'stochastic-quantization': {
      defaults: { bits: 4 },
      async contract({ bits }): Promise<CodecContract> {
        if (Number(bits) < 1) throw new Error(`bits: expected at least 1, got ${bits}`);
        return 'unbiased';
      },
    },
  }),
  memories: tableOf({ 'error-feedback': { defaults: { decay: 1 }, needs: 'contractive' } }),
  faults: { names: () => faults.names(), find: (name) => faults.find(name) },
  expectations,
};
