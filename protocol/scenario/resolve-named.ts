import { specOf } from '../settings/named-modules.js';
import { isPlainObject } from '../settings/plain-data.js';
import { join, type Problems } from '../settings/problems.js';
import { defineSettings, type SettingsOf } from '../settings/settings.js';
import { hasOwnTiers, tieredMessages, whyNotTiered } from '../topology/parts/tier-kinds.js';
import {
  type Catalogue,
  type Entry,
  type FaultEntry,
  type FigureNames,
  type MethodEntry,
  type ObjectiveEntry,
  type ProbeEntry,
  type Table,
  type TopologyEntry,
  tableOf,
} from './catalogue.js';
import type { Found, FoundCodec } from './codec-checks.js';
import { checkReads, figureNames } from './figure-names.js';
import { resolveAggregators } from './resolve-aggregators.js';
import { resolveClaims, resolveExpectations } from './resolve-expectations.js';
import type { Claim, FaultRule, Json, JsonObject, KindCodec, Scenario, Spec, TopologySpec } from './scenario.js';
import type { scenarioSettings } from './schema.js';
import { clientFigureSettings, keepBestSettings, kindCodecSettings, stopRuleSettings } from './schema-parts.js';

const DEFAULT_OBJECTIVE = 'softmax-regression';
const DEFAULT_PARTITION = 'iid';
const PLAIN_CODEC = 'identity';
const NO_OBJECTIVE: ObjectiveEntry = { settings: defineSettings({}) };
const NO_METHOD: MethodEntry = { ...NO_OBJECTIVE, messages: {} };

interface FoundFault {
  readonly rule: FaultRule;
  readonly entry: FaultEntry;
}

/** The parts that are looked up by name. */
export interface Named {
  readonly method: Spec;
  readonly objective: Spec;
  readonly data: Scenario['data'];
  readonly topology: Scenario['topology'];
  readonly codecs: Record<string, KindCodec>;
  readonly aggregators: Record<string, readonly Spec[]>;
  readonly faults: FaultRule[];
  readonly measure: Spec[];
  readonly study: Scenario['study'];
  readonly expect: Spec[];
  readonly claims: readonly Claim[];
  readonly found: Found;
  /** What the run will have; null: not known. */
  readonly figures: FigureNames | null;
}

/** Its messages are those of both tiers where the topology has edge servers and the method can have them between. */
function inTiers(method: MethodEntry, topology: TopologyEntry | null): MethodEntry {
  if (!topology?.edgeServers || hasOwnTiers(method) || whyNotTiered(method) !== null) return method;
  return { ...method, messages: tieredMessages(method.messages) };
}

/** Settings without a name belong to what would be taken without them. */
function withName(value: Json | undefined, name: string): Json {
  if (value === undefined) return name;
  return isPlainObject(value) && !('name' in value) ? { name, ...(value as JsonObject) } : value;
}

/** Looks up all that a scenario names, and completes its settings. */
export class NameResolver {
  constructor(
    private readonly catalogue: Catalogue,
    private readonly problems: Problems,
  ) {}

  /** `claims`: checked but for the expectations in them. `rules`: what stops the run and chooses its best round; null: not sound. */
  async named(
    given: JsonObject,
    claims: readonly Claim[],
    rules: Pick<SettingsOf<typeof scenarioSettings>, 'evaluation' | 'stopWhen' | 'keepBest'> | null,
  ): Promise<Named> {
    const asked = await this.spec(given.method, this.catalogue.methods, 'a method', 'method');
    const objective = await this.spec(
      withName(given.objective, DEFAULT_OBJECTIVE),
      this.catalogue.objectives,
      'an objective',
      'objective',
    );
    const data = await this.data(given.data);
    const topology = await this.topology(given.topology ?? null);
    const method = asked && { ...asked, entry: inTiers(asked.entry, topology?.entry ?? null) };
    const codecs = await this.codecs(given.codecs, method?.entry);
    const aggregators = await resolveAggregators(given.aggregators, method?.entry.messages ?? null, this.problems);
    const faults = await this.faults(given.faults);
    const measure = await this.probes(given.measure, method?.entry);
    const study = await this.study(given.study ?? null);
    const evaluation = rules?.evaluation;
    const names = method && objective && { method: method.spec, objective: objective.spec, study, measure, evaluation };
    const figures = names ? await figureNames([names], this.catalogue) : null;
    if (figures && rules) this.rowRules(rules, figures);
    // What does not apply may name figures that the changed run does not have.
    const known = given.changed ? null : figures;
    const expect = await this.expectations(given.expect, faults.length > 0, known);
    return {
      method: method?.spec ?? { name: '' },
      objective: objective?.spec ?? { name: '' },
      data: data ?? { name: '', partition: { name: '' } },
      topology: topology?.spec ?? null,
      codecs: Object.fromEntries(Object.entries(codecs).map(([kind, { codec }]) => [kind, codec])),
      aggregators,
      faults: faults.map(({ rule }) => rule),
      measure,
      study,
      expect,
      claims: await resolveClaims(claims, this.catalogue, this.problems, known),
      figures: known,
      found: {
        method: method?.entry ?? NO_METHOD,
        objective: objective?.entry ?? NO_OBJECTIVE,
        posteriors: () => this.posteriors(),
        topology: topology?.entry ?? null,
        codecs,
        faults: faults.map(({ entry }) => entry),
      },
    };
  }

  /** Looks the name up and completes the settings. */
  private async spec<E extends Entry | MethodEntry | ProbeEntry>(
    value: Json | undefined,
    table: Table<E>,
    what: string,
    path: string,
  ): Promise<{ spec: Spec; entry: E } | undefined> {
    const asked = specOf(value, what, path, this.problems);
    if (!asked) return undefined;
    const { name, ...settings } = asked as Spec;
    const entry = await table.find(name);
    if (!entry) {
      this.problems.unknownName(join(path, 'name'), what, name, await table.names());
      return undefined;
    }
    return { spec: { name, ...(await this.completed(entry, settings, path)) }, entry };
  }

  private async completed({ settings }: Pick<Entry, 'settings'>, given: JsonObject, path: string): Promise<JsonObject> {
    await settings.load(given);
    return settings.complete(given, path, this.problems);
  }

  private attempt(path: string, check: () => void): void {
    try {
      check();
    } catch (error) {
      this.problems.report(path, error);
    }
  }

  private async posteriors(): Promise<readonly string[]> {
    const { objectives } = this.catalogue;
    const names: string[] = [];
    for (const name of await objectives.names()) if ((await objectives.find(name))?.isPosterior) names.push(name);
    return names;
  }

  private async data(value: Json | undefined): Promise<Scenario['data'] | undefined> {
    const { partition, ...own } = isPlainObject(value) ? (value as JsonObject) : { partition: undefined };
    const data = await this.spec(isPlainObject(value) ? own : value, this.catalogue.datasets, 'a data set', 'data');
    const split = await this.spec(
      withName(partition, DEFAULT_PARTITION),
      this.catalogue.partitions,
      'a partition',
      'data.partition',
    );
    return data && split ? { ...data.spec, partition: split.spec } : undefined;
  }

  private async topology(value: Json): Promise<{ spec: TopologySpec; entry: TopologyEntry } | null> {
    if (value === null) return null;
    const found = await this.spec(value, this.catalogue.topologies, 'a topology', 'topology');
    return (found as { spec: TopologySpec; entry: TopologyEntry } | undefined) ?? null;
  }

  private async probes(value: Json | undefined, method: MethodEntry | undefined): Promise<Spec[]> {
    const table = this.catalogue.probes ?? tableOf<ProbeEntry>({});
    const specs: Spec[] = [];
    for (const [index, given] of (Array.isArray(value) ? (value as Json[]) : []).entries()) {
      const path = join('measure', index);
      const before = this.problems.count;
      const { spec, entry } = (await this.spec(given, table, 'a probe', path)) ?? {};
      if (!spec || !entry) continue;
      if (specs.some(({ name }) => name === spec.name))
        this.problems.add(
          join(path, 'name'),
          'a probe that is not listed yet, since its columns have its names',
          spec.name,
        );
      const { name: _, ...settings } = spec;
      if (method && this.problems.count === before)
        this.attempt(path, () => entry.checkWith(settings, method.messages));
      specs.push(spec);
    }
    return specs;
  }

  private async study(value: Json): Promise<Scenario['study']> {
    if (value === null) return null;
    const studies = this.catalogue.studies ?? tableOf<Entry>({});
    return (await this.spec(value, studies, 'a study', 'study'))?.spec ?? null;
  }

  /**
   * An entry for every kind of the method that carries vectors, and for every kind that the scenario names. `'*'` stands for the kinds without an entry of their own in which
   * the method itself keeps what compression leaves out, so that one sweep compresses methods of different kinds.
   */
  private async codecs(value: Json | undefined, method: MethodEntry | undefined): Promise<Record<string, FoundCodec>> {
    const given = isPlainObject(value) ? (value as JsonObject) : {};
    const kinds = Object.entries(method?.messages ?? {}).filter(([, kind]) => (kind.vectors?.length ?? 0) > 0);
    const known = kinds.map(([kind]) => kind);
    const result: Record<string, FoundCodec> = {};
    for (const [kind, { memory }] of kinds) {
      const common = memory === 'method' ? given['*'] : undefined;
      const found = await this.kindCodec(given[kind] ?? common ?? PLAIN_CODEC, `codecs.${kind}`);
      if (found) result[kind] = found;
    }
    for (const kind of method ? Object.keys(given) : []) {
      if (kind !== '*' && !known.includes(kind))
        this.problems.unknownName(`codecs.${kind}`, 'a kind of messages', kind, known);
    }
    return result;
  }

  private async kindCodec(value: Json, path: string): Promise<FoundCodec | undefined> {
    const whole: JsonObject = isPlainObject(value) && 'codec' in value ? (value as JsonObject) : { codec: value };
    const { codec, memory, scope } = kindCodecSettings.complete(whole, path, this.problems);
    const chosen = await this.spec(codec, this.catalogue.codecs, 'a codec', join(path, 'codec'));
    const keeper =
      memory === null ? null : await this.spec(memory, this.catalogue.memories, 'a memory', join(path, 'memory'));
    if (!chosen || keeper === undefined) return undefined;
    return {
      codec: { codec: chosen.spec, memory: keeper?.spec ?? null, scope },
      entry: chosen.entry,
      memory: keeper?.entry ?? null,
    };
  }

  /** Known round by round: a series, or a statistic of one. */
  private rowRules(
    {
      evaluation,
      stopWhen,
      keepBest,
    }: Pick<SettingsOf<typeof scenarioSettings>, 'evaluation' | 'stopWhen' | 'keepBest'>,
    { series }: FigureNames,
  ): void {
    const ofRows = { series, figures: [] };
    for (const [index, rule] of (stopWhen ?? []).entries()) {
      const path = `stopWhen.${index}`;
      checkReads(stopRuleSettings, { of: rule.of }, path, ofRows, this.problems);
      if (rule.patience !== null) checkReads(keepBestSettings, { of: rule.of }, path, ofRows, this.problems);
    }
    for (const [index, figure] of (evaluation.perClient?.figures ?? []).entries())
      checkReads(
        clientFigureSettings,
        { of: figure.of },
        `evaluation.perClient.figures.${index}`,
        ofRows,
        this.problems,
      );
    if (keepBest) checkReads(keepBestSettings, { of: keepBest.of }, 'keepBest', ofRows, this.problems);
  }

  private async faults(value: Json | undefined): Promise<FoundFault[]> {
    const rules: FoundFault[] = [];
    for (const [index, given] of (Array.isArray(value) ? (value as Json[]) : []).entries()) {
      const rule = await this.fault(given, `faults.${index}`);
      if (rule) rules.push(rule);
    }
    return rules;
  }

  private async fault(value: Json, path: string): Promise<FoundFault | undefined> {
    if (!isPlainObject(value) || typeof value.fault !== 'string') {
      this.problems.add(path, "an object with the fault's name under 'fault'", value);
      return undefined;
    }
    const { fault, ...settings } = value as JsonObject & { readonly fault: string };
    const entry = await this.catalogue.faults.find(fault);
    if (!entry) {
      this.problems.unknownName(join(path, 'fault'), 'a fault', fault, await this.catalogue.faults.names());
      return undefined;
    }
    const rule = { fault, ...(await this.completed(entry, settings, path)) } as FaultRule;
    return { rule, entry };
  }

  /** 'finite' is always expected, 'every-fault-happened' wherever there are faults. */
  private async expectations(value: Json | undefined, hasFaults: boolean, known: FigureNames | null): Promise<Spec[]> {
    const given = Array.isArray(value) ? (value as Json[]) : [];
    const specs = await resolveExpectations(given, 'expect', this.catalogue, this.problems, known);
    const usual = hasFaults ? ['finite', 'every-fault-happened'] : ['finite'];
    const missing = usual.filter((name) => !specs.some((spec) => spec.name === name));
    return [...(await resolveExpectations(missing, 'expect', this.catalogue, this.problems, known)), ...specs];
  }
}
