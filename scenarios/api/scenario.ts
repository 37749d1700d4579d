/** Scenarios and sweeps as data, with helpers for the parts that are tedious to write out. */

import { where as narrowed } from '../../protocol/scenario/expectation.js';
import * as plain from '../../protocol/scenario/input.js';
import type { AnyMade, Made } from '../../protocol/scenario/made.js';
import type { Participation, Spec as PlainSpec } from '../../protocol/scenario/scenario.js';
import type { JsonObject } from '../../protocol/settings/plain-data.js';
import type * as builtIn from './parts/built-in-names.js';
import type { Named, NamedFault, NamesByKind } from './parts/given.js';

export { logNormalDevices, logNormalLinks } from '../../protocol/scenario/device-speeds.js';
export { above } from '../../protocol/scenario/expectations/above.js';
export { below } from '../../protocol/scenario/expectations/below.js';
export { between } from '../../protocol/scenario/expectations/between.js';
export { criticalBatch } from '../../protocol/scenario/expectations/critical-batch.js';
export { equalDigests } from '../../protocol/scenario/expectations/equal-digests.js';
export { everyFaultHappened } from '../../protocol/scenario/expectations/every-fault-happened.js';
export { finite } from '../../protocol/scenario/expectations/finite.js';
export { monotone } from '../../protocol/scenario/expectations/monotone.js';
export { quantile } from '../../protocol/scenario/expectations/quantile.js';
export { ratio } from '../../protocol/scenario/expectations/ratio.js';
export { reaches } from '../../protocol/scenario/expectations/reaches.js';
export { roundsToMatch } from '../../protocol/scenario/expectations/rounds-to-match.js';
export { settlesInOrder } from '../../protocol/scenario/expectations/settles-in-order.js';
export { slope } from '../../protocol/scenario/expectations/slope.js';
export * from '../../protocol/scenario/scenario.js';
/** Faults: `faults: [faults.during(5, 10, faults.drop({ probability: 0.1 }))]`. */
export * as faults from './parts/faults.js';
export type { SettingsIn } from './parts/settings-in.js';

/**
 * Settings of everything that a scenario can name, kind by kind. A module of one's own adds its things by declaration merging:
 * `declare module 'gradswarm/scenario' { interface Methods { 'sign-vote': SettingsIn<typeof signVote> } }`.
 */
export interface Methods extends builtIn.BuiltInMethods {}
/** Settings of objectives, by name. */
export interface Objectives extends builtIn.BuiltInObjectives {}
/** Settings of layers, by name. */
export interface Layers extends builtIn.BuiltInLayers {}
/** Settings of data sets, by name. */
export interface Datasets extends builtIn.BuiltInDatasets {}
/** Settings of partitions, by name. */
export interface Partitions extends builtIn.BuiltInPartitions {}
/** Settings of topologies, by name. */
export interface Topologies extends builtIn.BuiltInTopologies {}
/** Settings of codecs, by name. */
export interface Codecs extends builtIn.BuiltInCodecs {}
/** Settings of codec memories, by name. */
export interface Memories extends builtIn.BuiltInMemories {}
/** Settings of optimizers, by name. */
export interface Optimizers extends builtIn.BuiltInOptimizers {}
/** Settings of schedules, by name. */
export interface Schedules extends builtIn.BuiltInSchedules {}
/** Settings of aggregators, by name. */
export interface Aggregators extends builtIn.BuiltInAggregators {}
/** Settings of attacks, by name. */
export interface Attacks extends builtIn.BuiltInAttacks {}
/** Settings of faults, by name. */
export interface Faults extends builtIn.BuiltInFaults {}
/** Settings of selections, by name. */
export interface Selections extends builtIn.BuiltInSelections {}
/** Settings of probes, by name. */
export interface Probes extends builtIn.BuiltInProbes {}
/** Settings of studies, by name. */
export interface Studies extends builtIn.BuiltInStudies {}
/** Settings of expectations, by name. */
export interface Expectations extends builtIn.BuiltInExpectations {}

/** All of them. */
export interface Known extends NamesByKind {
  readonly method: Methods;
  readonly objective: Objectives;
  readonly layer: Layers;
  readonly dataset: Datasets;
  readonly partition: Partitions;
  readonly topology: Topologies;
  readonly codec: Codecs;
  readonly memory: Memories;
  readonly optimizer: Optimizers;
  readonly schedule: Schedules;
  readonly aggregator: Aggregators;
  readonly attack: Attacks;
  readonly fault: Faults;
  readonly selection: Selections;
  readonly probe: Probes;
  readonly study: Studies;
  readonly expectation: Expectations;
}

/** Names of one's own, given as a type: `scenario<{ method: { 'sign-vote': { step: number } } }>({ … })`. */
export type OwnNames = Partial<NamesByKind>;
type With<O extends OwnNames> = { readonly [K in keyof Known]: Known[K] & (K extends keyof O ? O[K] : unknown) };

type Spec<O extends OwnNames, K extends keyof Known> = Named<With<O>, K>;
type Partitioned<O extends OwnNames> = { readonly partition?: Spec<O, 'partition'> };

/** A scenario whose names and settings are checked where it is written. */
export interface CheckedInput<O extends OwnNames = object>
  extends Omit<
    plain.ScenarioInput,
    | 'method'
    | 'objective'
    | 'data'
    | 'topology'
    | 'codecs'
    | 'aggregators'
    | 'measure'
    | 'study'
    | 'faults'
    | 'participation'
    | 'expect'
    | 'claims'
  > {
  readonly method: Spec<O, 'method'>;
  readonly objective?: Spec<O, 'objective'>;
  readonly data: Named<With<O>, 'dataset', Partitioned<O>>;
  readonly topology?: Named<With<O>, 'topology', { readonly weights?: string; readonly lazy?: boolean }> | null;
  readonly codecs?: Readonly<
    Record<
      string,
      | Named<With<O>, 'codec', { readonly codec?: never }>
      | {
          readonly codec: Spec<O, 'codec'>;
          readonly memory?: Spec<O, 'memory'> | null;
          readonly scope?: 'vector' | 'tensor';
        }
    >
  >;
  readonly aggregators?: Readonly<Record<string, Spec<O, 'aggregator'> | readonly Spec<O, 'aggregator'>[]>>;
  readonly participation?: Partial<Omit<Participation, 'sampling'>> & {
    readonly sampling?: Spec<O, 'selection'>;
  };
  readonly measure?: readonly Spec<O, 'probe'>[];
  readonly study?: Spec<O, 'study'> | null;
  readonly faults?: readonly FaultOf<O>[];
  readonly expect?: readonly Expected<O>[];
  readonly claims?: readonly ClaimOf<O>[];
}

/** An expectation by name and settings, or what `above`, `finite`, … return. */
type Expected<O extends OwnNames> = Named<With<O>, 'expectation', { readonly where?: JsonObject }> | AnyMade;

/** A fault by name and settings, or what `faults.drop`, … and `faults.during`, … return. */
type FaultOf<O extends OwnNames> = NamedFault<With<O>> | AnyMade;

type ClaimOf<O extends OwnNames> = Omit<plain.ClaimInput, 'judgedBy'> & { readonly judgedBy?: readonly Expected<O>[] };

/** What is judged over the points of a sweep. */
interface JudgedOver<O extends OwnNames> {
  readonly expect?: readonly Expected<O>[];
  readonly claims?: readonly ClaimOf<O>[];
}

declare const checked: unique symbol;
/** What `scenario` returns: it was checked where it was written. */
export type CheckedScenario = plain.ScenarioInput & { readonly [checked]: true };

/** A sweep whose base is checked where it is written. */
export interface CheckedSweep<O extends OwnNames = object>
  extends Omit<plain.SweepInput, 'base' | 'expect' | 'claims'>,
    JudgedOver<O> {
  readonly base: Omit<CheckedInput<O>, 'name'>;
}

/** A sweep over what `scenario` returned. */
export interface SweepOfScenario extends Omit<plain.SweepInput, 'base' | 'expect' | 'claims'>, JudgedOver<object> {
  readonly base: CheckedScenario;
}

/**
 * A scenario file's default export, or what `run` takes: the same data. An editor completes the settings by the chosen name and
 * rejects what is misspelt, in faults, expectations and claims too, written out or by their functions (`faults.drop`, `above`, …). `Own`: names of
 * one's own, beside those of declaration merging; a path (`./sign-vote.ts`) takes any settings.
 */
export function scenario<Own extends OwnNames = object>(input: CheckedInput<NoInfer<Own>>): CheckedScenario;
export function scenario<Own extends OwnNames = object>(
  name: string,
  input: Omit<CheckedInput<NoInfer<Own>>, 'name'>,
): CheckedScenario;
export function scenario(...given: [object] | [string, object]): CheckedScenario {
  return plain.scenario(...(given as [plain.ScenarioInput])) as CheckedScenario;
}

/**
 * The expectation narrowed to the runs of a sweep that have these values at these paths of their scenarios. Its name and
 * settings are checked where it is written, as in `expect`; paths, values and figures when the sweep is resolved.
 */
export function where<Own extends OwnNames = object>(
  values: JsonObject,
  expectation: Expected<NoInfer<Own>>,
): Made<PlainSpec> {
  const spec: PlainSpec =
    typeof expectation === 'string' ? { name: expectation } : (expectation as AnyMade & PlainSpec);
  return narrowed(values, spec);
}

/** A sweep file's default export, or what `runSweep` takes: its base is checked as `scenario` does. */
export function sweep(input: SweepOfScenario): plain.SweepInput;
export function sweep(name: string, input: Omit<SweepOfScenario, 'sweep'>): plain.SweepInput;
export function sweep<Own extends OwnNames = object>(input: CheckedSweep<NoInfer<Own>>): plain.SweepInput;
export function sweep<Own extends OwnNames = object>(
  name: string,
  input: Omit<CheckedSweep<NoInfer<Own>>, 'sweep'>,
): plain.SweepInput;
export function sweep(...given: [object] | [string, object]): plain.SweepInput {
  return plain.sweep(...(given as [plain.SweepInput]));
}
