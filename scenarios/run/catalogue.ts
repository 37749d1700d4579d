import type { CodecFamily } from '../../protocol/codecs/codec.js';
import type { MemoryFamily } from '../../protocol/codecs/memory.js';
import { buildCodec } from '../../protocol/codecs/registry.js';
import { GradswarmError } from '../../protocol/errors.js';
import type { AnyMethod } from '../../protocol/method.js';
import { loadMethod, METHOD_FAMILIES } from '../../protocol/method-loader.js';
import { optimizers } from '../../protocol/optimizers/load-optimizer.js';
import {
  type Catalogue,
  type CodecEntry,
  type Entry,
  type MemoryEntry,
  type Table,
  tableOf,
} from '../../protocol/scenario/catalogue.js';
import type { ExpectationFamily } from '../../protocol/scenario/expectation.js';
import { schedules } from '../../protocol/schedules/schedule.js';
import { topologyDefaults } from '../../protocol/topology/topology.js';
import { datasetDefaults } from '../../worker/datasets/load.js';
import { partitionDefaults } from '../../worker/datasets/partition/partition.js';
import { objectiveDefaults } from '../../worker/objectives/objectives.js';
import { defaultExports, moduleNames } from './module-folder.js';
import { loadStudies } from './study.js';

const PROTOCOL = new URL('../../protocol/', import.meta.url);

export const methodNames = (): readonly string[] =>
  METHOD_FAMILIES.flatMap((family) => moduleNames(new URL(`methods/${family}/`, PROTOCOL))).sort();

/** Everything a scenario may name, from the folders where those things live. */
export async function loadCatalogue(): Promise<Catalogue> {
  await loadAllRules();
  const codecFamilies = await loadedFamilies('codecs/', isFamily<CodecFamily>);
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
    codecs: tableFrom(codecFamilies, ({ name, defaults }): CodecEntry => {
      const build = (settings: object) => buildCodec({ name, ...settings }, (inner) => known(codecFamilies, inner));
      return {
        defaults,
        contract: (settings) => build(settings).contract,
        omega: (settings) => build(settings).omega,
      };
    }),
    memories: tableFrom(await loadedFamilies('codecs/memories/', isFamily<MemoryFamily>), (family): MemoryEntry => {
      const { needs, receiver } = family.create(family.defaults);
      return {
        defaults: family.defaults,
        check: (settings) => void family.create(settings),
        needs,
        hasReplicas: receiver !== undefined,
      };
    }),
    studies: tableFrom(
      await loadStudies(),
      ({ defaults, check }): Entry => ({ defaults, ...(check ? { check } : {}) }),
    ),
    expectations: tableFrom(await loadExpectations(), (family) => family),
  };
}

/** Every optimizer and schedule, so that settings that name one can be checked. */
export async function loadAllRules(): Promise<void> {
  await schedules.loadAll(moduleNames(schedules.folders[0]!));
  await optimizers.loadAll(moduleNames(optimizers.folders[0]!));
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

function tableFrom<F, E>(families: Families<F>, entryOf: (family: F) => E): Table<E> {
  return tableOf(Object.fromEntries([...families].map(([name, family]) => [name, entryOf(family)])));
}

function defaultsTable(defaults: Readonly<Record<string, object>>): Table<Entry> {
  return tableOf(Object.fromEntries(Object.entries(defaults).map(([name, entry]) => [name, { defaults: entry }])));
}

function known<F>(families: Families<F>, name: string): F {
  const family = families.get(name);
  if (!family) throw new GradswarmError('ERR_CODEC_UNKNOWN', `no codec is called '${name}'`);
  return family;
}

const named = (value: unknown): value is { readonly name: string } =>
  typeof value === 'object' && value !== null && 'name' in value;

function isFamily<F>(value: unknown): value is F & { readonly name: string } {
  return named(value) && 'defaults' in value && 'create' in value;
}

function isExpectation(value: unknown): value is ExpectationFamily & { readonly name: string } {
  return named(value) && 'judge' in value;
}
