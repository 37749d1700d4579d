import { codecs, memories } from '../../protocol/codecs/registry.js';
import { faults } from '../../protocol/faults/parts/load-fault.js';
import type { AnyMethod } from '../../protocol/method.js';
import { loadMethod, methods } from '../../protocol/method-loader.js';
import { optimizers } from '../../protocol/optimizers/load-optimizer.js';
import { probes } from '../../protocol/probe-loader.js';
import type {
  Catalogue,
  CodecEntry,
  Entry,
  FigureNames,
  MemoryEntry,
  ProbeEntry,
  Table,
  TopologyEntry,
} from '../../protocol/scenario/catalogue.js';
import { CLIENT_SERIES } from '../../protocol/scenario/client-figures.js';
import { BATTERY_SERIES, ENERGY_SERIES } from '../../protocol/scenario/energy.js';
import type { ExpectationFamily } from '../../protocol/scenario/expectation.js';
import { schedules } from '../../protocol/schedules/schedule.js';
import type { NamedModules } from '../../protocol/settings/named-modules.js';
import type { Settings } from '../../protocol/settings/settings.js';
import { topologies } from '../../protocol/topology/family.js';
import { createTopology, weightSettings } from '../../protocol/topology/topology.js';
import { datasets } from '../../worker/datasets/load.js';
import { partitions } from '../../worker/datasets/partition/partition.js';
import { layers } from '../../worker/objectives/layers/parts/layer.js';
import { objectives } from '../../worker/objectives/objectives.js';
import { builtInNames, EXTENSION_POINTS, expectations } from '../plug-ins/extension-points.js';
import { studies } from './study.js';

/** Of the methods that come with the package, and of those that this process has loaded besides. */
export const methodNames = (): readonly string[] => [...new Set([...builtInNames(methods), ...methods.names()])].sort();

/** Everything a scenario can name, from its folders. A file is imported when its name is looked up. */
export async function loadCatalogue(): Promise<Catalogue> {
  for (const modules of EXTENSION_POINTS) modules.know(builtInNames(modules));
  return {
    methods: {
      names: methodNames,
      async find(name): Promise<AnyMethod | undefined> {
        return methodNames().includes(name) ? loadMethod(name) : undefined;
      },
    },
    objectives: tableFrom(objectives, (family) => ({ ...entryOf(family), isPosterior: family.isPosterior ?? false })),
    datasets: tableFrom(datasets, entryOf),
    partitions: tableFrom(partitions, entryOf),
    topologies: tableFrom(topologies, (family): TopologyEntry => {
      const { name, summary, settings } = family;
      return {
        summary,
        settings: settings.under(weightSettings),
        fit: (chosen, clientCount, rng) => void createTopology({ name, ...chosen }, clientCount, rng),
        changes: (chosen, clientCount, rng) => createTopology({ name, ...chosen }, clientCount, rng).period !== 1,
        ...(family.edgeServers && { edgeServers: (chosen) => family.edgeServers!(chosen) }),
      };
    }),
    optimizers: tableFrom(
      optimizers,
      ({ source, settings }): Entry => ({ summary: source.replace(/\.$/, ''), settings }),
    ),
    layers: tableFrom(layers, entryOf),
    schedules: tableFrom(schedules, ({ summary, settings }): Entry => ({ summary, settings })),
    codecs: tableFrom(
      codecs,
      ({ summary, settings, create }): CodecEntry => ({
        summary,
        settings,
        contract: (chosen) => create(chosen).contract,
        omega: (chosen) => create(chosen).omega,
        hasFixedSize: (chosen) => create(chosen).encodedBytes !== undefined,
        hasLevels: (chosen) => create(chosen).control !== undefined,
      }),
    ),
    memories: tableFrom(memories, ({ summary, settings, create }): MemoryEntry => {
      const { needs, receiver } = create(settings.defaults);
      return { summary, settings, needs, hasReplicas: receiver !== undefined };
    }),
    probes: tableFrom(probes, (family): ProbeEntry => ({ ...entryOf(family), checkWith: family.check })),
    faults: tableFrom(faults, (family) => family),
    studies: tableFrom(studies, entryOf),
    expectations: tableFrom(expectations, (family) => family),
    host: HOST_FIGURES,
  };
}

/** Everything of the folders of settings, so that what settings name can be checked and listed. */
export async function loadAllRules(): Promise<void> {
  for (const modules of EXTENSION_POINTS) if (modules !== methods) await modules.loadAll(builtInNames(modules));
}

/** Every expectation by its name; with `judged` those that it names. */
export async function loadExpectations(
  judged?: readonly { readonly name: string }[],
): Promise<ReadonlyMap<string, ExpectationFamily>> {
  await expectations.loadAll(judged ? judged.map(({ name }) => name) : builtInNames(expectations));
  const found = expectations.names().map((name) => [name, expectations.find(name)] as const);
  return new Map(found.flatMap(([name, family]) => (family ? [[name, family]] : [])));
}

/** What every run may show beside what its method, objective and study show. */
const HOST_FIGURES: FigureNames = {
  series: [
    'consensusError',
    'meanSquaredError',
    'trainLoss',
    'lossGap',
    'trainAccuracy',
    'accuracyGap',
    'averagedLoss',
    'averagedAccuracy',
    'averagedConsensusError',
    'averagedMeanSquaredError',
    ...['rawBytes', 'payloadBytes', 'encodeMs', 'decodeMs', 'compressionError'].flatMap((name) =>
      ['Up', 'Down', 'Peer'].map((direction) => `${name}${direction}`),
    ),
    'codecLevel.*',
    'epsilon',
    ...CLIENT_SERIES,
    ...ENERGY_SERIES,
    ...BATTERY_SERIES,
    'evaluationBytes',
  ],
  figures: [
    'rounds',
    'bytesUp',
    'bytesDown',
    'bytesPeer',
    'simulatedMs',
    'wallMs',
    'spectralGap',
    // Of keepBest.
    'best',
    'bestRound',
    // Of samplers.
    'chains',
    'drawsPerChain',
    'meanErrorSd',
    'covarianceError',
    'w2',
    'rhatMax',
    'essMin',
    'essTailMin',
    'predictiveLoss',
    'predictiveAccuracy',
    'calibrationError',
  ],
};

function tableFrom<F extends { readonly name: string }, E>(
  modules: NamedModules<F>,
  entryOf: (family: F) => E,
): Table<E> {
  return {
    names: async () => {
      await modules.loadKnown();
      return modules.names();
    },
    find: async (name) => {
      const family = await modules.load(name);
      return family && entryOf(family);
    },
  };
}

interface Named extends Pick<Entry, 'measures' | 'figures'> {
  readonly summary: string;
  // biome-ignore lint/suspicious/noExplicitAny: every thing has its own type of settings.
  readonly settings: Settings<any>;
}

const entryOf = ({ summary, settings, measures, figures }: Named): Entry => ({
  summary,
  settings,
  ...(measures && { measures }),
  ...(figures && { figures }),
});
