import { aggregators } from '../../protocol/aggregators/parts/chain.js';
import { attacks } from '../../protocol/attacks/parts/load-attack.js';
import { codecs, memories } from '../../protocol/codecs/registry.js';
import type { AnyMethod } from '../../protocol/method.js';
import { loadMethod, METHOD_FAMILIES } from '../../protocol/method-loader.js';
import { optimizers } from '../../protocol/optimizers/load-optimizer.js';
import { probes } from '../../protocol/probe-loader.js';
import {
  type Catalogue,
  type CodecEntry,
  type Entry,
  type MemoryEntry,
  type ProbeEntry,
  type Table,
  tableOf,
} from '../../protocol/scenario/catalogue.js';
import type { ExpectationFamily } from '../../protocol/scenario/expectation.js';
import { schedules } from '../../protocol/schedules/schedule.js';
import type { NamedModules } from '../../protocol/settings/named-modules.js';
import { topologyDefaults } from '../../protocol/topology/topology.js';
import { datasetDefaults } from '../../worker/datasets/load.js';
import { partitionDefaults } from '../../worker/datasets/partition/partition.js';
import { objectiveDefaults } from '../../worker/objectives/objectives.js';
import { defaultExports, moduleNames } from './module-folder.js';
import { loadStudies } from './study.js';

const PROTOCOL = new URL('../../protocol/', import.meta.url);

export const methodNames = (): readonly string[] =>
  METHOD_FAMILIES.flatMap((family) => moduleNames(new URL(`methods/${family}/`, PROTOCOL))).sort();

/** Everything a scenario can name, from its folders. */
export async function loadCatalogue(): Promise<Catalogue> {
  await loadAllRules();
  return {
    methods: {
      names: methodNames,
      async find(name): Promise<AnyMethod | undefined> {
        return methodNames().includes(name) ? loadMethod(name) : undefined;
      },
    },
    objectives: defaultsTable(objectiveDefaults),
    datasets: defaultsTable(datasetDefaults),
    partitions: defaultsTable(partitionDefaults),
    topologies: defaultsTable(topologyDefaults),
    optimizers: tableFrom(
      optimizers,
      ({ source, settings }): Entry => ({ summary: source.replace(/\.$/, ''), settings }),
    ),
    schedules: tableFrom(schedules, ({ summary, settings }): Entry => ({ summary, settings })),
    codecs: tableFrom(
      codecs,
      ({ summary, settings, create }): CodecEntry => ({
        summary,
        settings,
        contract: (chosen) => create(chosen).contract,
        omega: (chosen) => create(chosen).omega,
      }),
    ),
    memories: tableFrom(memories, ({ summary, settings, create }): MemoryEntry => {
      const { needs, receiver } = create(settings.defaults);
      return { summary, settings, needs, hasReplicas: receiver !== undefined };
    }),
    studies: tableOf(
      Object.fromEntries(
        [...(await loadStudies())].map(([name, { defaults, check }]) => [
          name,
          { defaults, ...(check ? { check } : {}) } as Entry,
        ]),
      ),
    ),
    probes: tableFrom(probes, ({ summary, settings, check }): ProbeEntry => ({ summary, settings, checkWith: check })),
    expectations: tableOf(Object.fromEntries(await loadExpectations())),
  };
}

/** Everything of the folders of settings, so that what settings name can be checked and listed. */
export async function loadAllRules(): Promise<void> {
  for (const modules of [schedules, optimizers, codecs, memories, aggregators, attacks, probes])
    for (const folder of modules.folders) await modules.loadAll(moduleNames(folder));
}

/** Every expectation by its name. */
export async function loadExpectations(): Promise<ReadonlyMap<string, ExpectationFamily>> {
  return loadedFamilies('scenario/expectations/', isExpectation);
}

type Families<F> = ReadonlyMap<string, F>;

/** Every module of a folder whose default export is a family of its file's name; the other files are its tools. */
async function loadedFamilies<F extends { readonly name: string }>(
  folder: string,
  is: (value: unknown) => value is F,
): Promise<Families<F>> {
  const families = new Map<string, F>();
  for (const [name, family] of await defaultExports(new URL(folder, PROTOCOL)))
    if (is(family) && family.name === name) families.set(name, family);
  return families;
}

function tableFrom<F extends { readonly name: string }, E>(
  modules: NamedModules<F>,
  entryOf: (family: F) => E,
): Table<E> {
  return {
    names: () => modules.names(),
    find: (name) => {
      const family = modules.find(name);
      return family && entryOf(family);
    },
  };
}

function defaultsTable(defaults: Readonly<Record<string, object>>): Table<Entry> {
  return tableOf(Object.fromEntries(Object.entries(defaults).map(([name, entry]) => [name, { defaults: entry }])));
}

const named = (value: unknown): value is { readonly name: string } =>
  typeof value === 'object' && value !== null && 'name' in value;

function isExpectation(value: unknown): value is ExpectationFamily & { readonly name: string } {
  return named(value) && 'judge' in value;
}
