import './loaded-rules.js';
import type { CodecContract } from '../../protocol/codecs/codec.js';
import { codecs } from '../../protocol/codecs/registry.js';
import { faults } from '../../protocol/faults/parts/load-fault.js';
import { optimizer } from '../../protocol/optimizers/load-optimizer.js';
import {
  type Catalogue,
  type CodecEntry,
  type Entry,
  type MemoryEntry,
  type MethodEntry,
  type TopologyEntry,
  tableOf,
} from '../../protocol/scenario/catalogue.js';
import type { ExpectationFamily } from '../../protocol/scenario/expectation.js';
import { schedule } from '../../protocol/schedules/schedule.js';
import { atLeastZero, count, flag, fraction, integer, list, positive } from '../../protocol/settings/kinds.js';
import { named } from '../../protocol/settings/named-modules.js';
import { required } from '../../protocol/settings/setting.js';
import { defineSettings, group } from '../../protocol/settings/settings.js';
import { weightSettings } from '../../protocol/topology/topology.js';
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

function codec(contract: CodecContract, settings: CodecEntry['settings'] = defineSettings({})): CodecEntry {
  return { settings, contract: () => contract };
}

const plain = { settings: defineSettings({}) };

const clipping = defineSettings({
  radius: positive(1, 'Of the ball'),
  adaptive: group(defineSettings({ quantile: fraction(0.5, 'Of the norms') }), {}, 'How the radius follows'),
});

export const tinyCatalogue: Catalogue = {
  methods: tableOf<MethodEntry>({
    fedavg: {
      settings: defineSettings({
        localEpochs: count(1, 'Passes'),
        clientLearningRate: schedule(0.1, 'Of each step', { above: 0 }),
        nesterov: flag(false, 'Momentum'),
        batchSize: count(null, 'Examples; null: all'),
        layers: list(count(required, 'Units'), [16, 16], 'Of each layer'),
        optimizer: optimizer({ name: 'heavy-ball', learningRate: 1 }, 'Of the coordinator'),
        clipping: group(clipping, {}, 'Of updates'),
      }),
      messages: {
        model: { from: 'coordinator', to: 'cohort', vectors: ['params'] },
        update: { from: 'clients', to: 'coordinator', vectors: ['delta'], scalars: ['examples'], lossy: 'any' },
        masked: { from: 'clients', to: 'coordinator', vectors: ['sum'], lossy: 'unbiased' },
        kept: { from: 'clients', to: 'coordinator', vectors: ['shift'], lossy: 'any', memory: 'method' },
        count: { from: 'clients', to: 'coordinator', scalars: ['examples'] },
      },
    },
    'gradient-tracking': {
      settings: defineSettings({ step: positive(0.05, 'Of each round') }),
      messages: { iterate: { from: 'clients', to: 'peers', vectors: ['x', 'y'] } },
    },
  }),
  objectives: tableOf<Entry>({
    'softmax-regression': { settings: defineSettings({ l2: atLeastZero(0, 'Penalty') }) },
    quadratic: { settings: defineSettings({ condition: positive(10, 'Number') }) },
  }),
  datasets: tableOf<Entry>({
    'gaussian-clusters': {
      settings: defineSettings({ classes: count(10, 'Clusters'), examples: count(1000, 'In all') }),
    },
    mnist: plain,
  }),
  partitions: tableOf<Entry>({
    iid: plain,
    dirichlet: { settings: defineSettings({ alpha: positive(0.5, 'Concentration') }) },
  }),
  topologies: tableOf<TopologyEntry>({
    ring: { settings: defineSettings(weightSettings) },
    torus: { settings: defineSettings({ ...weightSettings, rows: count(2, 'Of the grid') }) },
  }),
  codecs: tableOf<CodecEntry>({
    identity: codec('lossless'),
    'top-k': codec(
      'contractive',
      defineSettings({ fraction: fraction(0.1, 'Kept'), values: named(codecs, { name: 'identity' }, 'Of the values') }),
    ),
    'stochastic-quantization': {
      settings: defineSettings({ bits: integer(4, 'Of a number') }),
      async contract({ bits }): Promise<CodecContract> {
        if (Number(bits) < 1) throw new Error(`bits: expected at least 1, got ${bits}`);
        return 'unbiased';
      },
    },
  }),
  memories: tableOf<MemoryEntry>({
    'error-feedback': { settings: defineSettings({ decay: fraction(1, 'Of what is kept') }), needs: 'contractive' },
  }),
  faults: { names: () => faults.names(), find: (name) => faults.find(name) },
  expectations,
};
