import { GradswarmError } from '../protocol/errors.js';
import { loadFaults } from '../protocol/faults/parts/load-fault.js';
import { type PlacedRule, placeRules } from '../protocol/faults/parts/placed-rules.js';
import type { Rng } from '../protocol/method.js';
import type { FaultRule } from '../protocol/scenario/scenario.js';
import type { Dataset, Partition } from './datasets/dataset.js';
import { withLabels } from './datasets/stored-rows.js';
import type { ObjectiveFamily } from './objectives/family.js';

/** The family that clients train on in a round in which faults change labels; null: the clean one. */
export type RelabelledFamilies = (round: number) => ObjectiveFamily | null;

const CLEAN: RelabelledFamilies = () => null;

/**
 * Shards are disjoint, so one copy of the labels serves all clients; it changes only in the rounds in which a rule begins or ends,
 * so there is one family for each such span. Made beforehand, since opening a family waits. Throws ERR_SCENARIO for data without
 * classes.
 */
export async function relabelledFamilies(
  faults: readonly FaultRule[],
  dataset: Dataset,
  partition: Partition,
  streams: Rng,
  familyOf: (dataset: Dataset) => Promise<ObjectiveFamily>,
): Promise<RelabelledFamilies> {
  await loadFaults(faults);
  const placed = placeRules(faults, streams).filter(({ rule }) => rule.relabels);
  if (placed.length === 0) return CLEAN;
  if (dataset.classCount < 2)
    throw new GradswarmError(
      'ERR_SCENARIO',
      `faults.${placed[0]!.index}.fault: expected data of at least 2 classes, '${dataset.name}' has ${dataset.classCount}`,
    );
  const begins = [...new Set([0, ...placed.flatMap(({ index }) => boundsOf(faults[index]!))])].sort((a, b) => a - b);
  const families: (ObjectiveFamily | null)[] = [];
  for (const round of begins) {
    const labels = labelsIn(round, placed, dataset, partition, streams);
    families.push(labels && (await familyOf({ ...dataset, train: withLabels(dataset.train, labels) })));
  }
  return (round) => families[begins.findLastIndex((begin) => begin <= round)]!;
}

/** Rounds from which on the rule acts, or acts no longer. */
function boundsOf({ from, until }: FaultRule): number[] {
  return until === null ? [from] : [from, until];
}

/** null: no rule acts. */
function labelsIn(
  round: number,
  placed: readonly PlacedRule[],
  { train, classCount }: Dataset,
  { shards }: Partition,
  streams: Rng,
): Int32Array | null {
  let labels: Int32Array | null = null;
  for (const { rule, purpose } of placed)
    for (const [client, shard] of shards.entries()) {
      if (!rule.relabels!.concerns(client, round)) continue;
      labels ??= train.labels.slice();
      const relabel = rule.relabels!.labels(classCount, streams.derive('labels', purpose, client));
      for (const example of shard) labels[example] = relabel(labels[example]!);
    }
  return labels;
}
