import { GradswarmError } from '../protocol/errors.js';
import type { DataRule } from '../protocol/faults/parts/acting-rule.js';
import { loadFaults } from '../protocol/faults/parts/load-fault.js';
import { type PlacedRule, placeRules } from '../protocol/faults/parts/placed-rules.js';
import type { ClientIndex, Rng } from '../protocol/method.js';
import type { FaultRule } from '../protocol/scenario/scenario.js';
import { type Dataset, featureCountOf, type Partition } from './datasets/dataset.js';
import type { ShardList } from './datasets/shard-list.js';
import { withLabels } from './datasets/stored-rows.js';
import type { ObjectiveFamily } from './objectives/family.js';

/** The families in a round in which faults change data; null: the clean one. */
export interface ChangedFamilies {
  /** What clients train on. */
  training(round: number): ObjectiveFamily | null;
  /** What clients are evaluated on, each on its own examples. */
  evaluation(round: number): ObjectiveFamily | null;
}

/** A data rule at its place. */
type Placed = PlacedRule & { readonly changes: DataRule };

/** What a change works on. */
interface Data {
  readonly dataset: Dataset;
  readonly partition: Partition;
  /** Each client's held-out examples; null: none are. */
  readonly heldOut: ShardList | null;
  readonly streams: Rng;
}

/**
 * Shards are disjoint, so one copy of the examples serves all clients; it changes only where a rule begins, ends or comes to another
 * stage, so there is one family for each stage. Made beforehand, since opening a family waits. Throws ERR_SCENARIO for data that a
 * rule cannot change.
 */
export async function changedFamilies(
  { faults, rounds }: { readonly faults: readonly FaultRule[]; readonly rounds: number },
  data: Data,
  familyOf: (dataset: Dataset) => Promise<ObjectiveFamily>,
): Promise<ChangedFamilies> {
  await loadFaults(faults);
  const placed = placeRules(faults, data.streams).flatMap((one): Placed[] =>
    one.rule.changesData ? [{ ...one, changes: one.rule.changesData }] : [],
  );
  for (const rule of placed) checkData(rule, data.dataset);
  const families = new Map<string, ObjectiveFamily | null>();
  const by = async (rules: readonly Placed[]) => {
    const keyOf = stageKeys(rules, data.partition.shards.length);
    for (let round = 0; rules.length > 0 && round < rounds; round++) {
      const key = keyOf(round);
      if (families.has(key)) continue;
      const changed = changedIn(round, rules, data);
      families.set(key, changed && (await familyOf(changed)));
    }
    return (round: number) => families.get(keyOf(round)) ?? null;
  };
  const truths = placed.filter(({ changes }) => changes.isTruth);
  return { training: await by(placed), evaluation: await by(truths) };
}

function checkData({ changes, index }: Placed, { name, classCount, vocabulary, train }: Dataset): void {
  const refuse = (expected: string): never => {
    throw new GradswarmError('ERR_SCENARIO', `faults.${index}.fault: expected ${expected}`);
  };
  if (changes.labels && classCount < 2) refuse(`data of at least 2 classes, '${name}' has ${classCount}`);
  if (changes.features && train.stored)
    refuse(`features in memory, those of '${name}' are read as clients compute; give it more memoryMiB`);
  if (changes.features && vocabulary !== undefined)
    refuse(`data whose features are numbers, those of '${name}' are codes of one-hot vectors`);
}

/** Rounds of the same key have the same data: the stage of every rule that acts. */
function stageKeys(rules: readonly Placed[], clientCount: number): (round: number) => string {
  let last = { round: -1, key: '' };
  return (round) => {
    if (round !== last.round) {
      const stages = rules.flatMap(({ changes, index }) =>
        someConcerned(changes, round, clientCount) ? [`${index}:${stageOf(changes, round)}`] : [],
      );
      last = { round, key: stages.join(' ') };
    }
    return last.key;
  };
}

function someConcerned(changes: DataRule, round: number, clientCount: number): boolean {
  for (let client: ClientIndex = 0; client < clientCount; client++) if (changes.concerns(client, round)) return true;
  return false;
}

function stageOf(changes: DataRule, round: number): number {
  return changes.stage?.(round) ?? 1;
}

/** null: no rule acts. */
function changedIn(round: number, rules: readonly Placed[], data: Data): Dataset | null {
  const { dataset, partition, heldOut, streams } = data;
  const { train, classCount } = dataset;
  const length = featureCountOf(dataset);
  let labels: Int32Array | null = null;
  let features: Float32Array | null = null;
  for (const { changes, purpose } of rules)
    for (let client = 0; client < partition.shards.length; client++) {
      if (!changes.concerns(client, round)) continue;
      const shard = partition.shards.at(client);
      const stage = stageOf(changes, round);
      const own = changes.isTruth && heldOut ? [shard, heldOut.at(client)] : [shard];
      if (changes.labels) {
        labels ??= train.labels.slice();
        const relabel = changes.labels(classCount, streams.derive('labels', purpose, client), stage);
        for (const examples of own) for (const example of examples) labels[example] = relabel(labels[example]!);
      }
      if (changes.features) {
        features ??= train.features.slice();
        const change = changes.features(length, streams.derive('features', purpose, client), stage);
        for (const examples of own)
          for (const example of examples) change(features.subarray(example * length, (example + 1) * length));
      }
    }
  if (!labels && !features) return null;
  const relabelled = labels ? withLabels(train, labels) : train;
  return { ...dataset, train: features ? { ...relabelled, features } : relabelled };
}
