import type { ClientIndex, ReadonlyVector } from '../protocol/method.js';
import type { Dataset, Partition } from './datasets/dataset.js';
import type { ShardList } from './datasets/shard-list.js';
import { classFigures } from './objectives/class-figures.js';
import type { ObjectiveFamily } from './objectives/family.js';

/** A client's figures by name: examples, loss, accuracy, precision, recall, f1, and what else its objective evaluates. */
export type ClientFigures = Readonly<Record<string, number>>;

/** What the evaluation of single clients works on. */
interface Evaluated {
  readonly dataset: Dataset;
  readonly partition: Partition;
  readonly family: ObjectiveFamily;
  /** Each client's held-out examples; null: none are, and the training shards are evaluated. */
  readonly heldOut: ShardList | null;
}

/**
 * The estimates on the examples of one client: those held out for it, or its shard where none are. Null where it has no examples to
 * evaluate on. Families that cannot evaluate chosen examples give the mean loss of the client's objective alone.
 */
export async function evaluateClient(
  { dataset, partition, family, heldOut }: Evaluated,
  client: ClientIndex,
  estimates: readonly ReadonlyVector[],
): Promise<ClientFigures | null> {
  const examples = (heldOut ?? partition.shards).at(client);
  const hasData = dataset.train.count > 0;
  if (estimates.length === 0 || (hasData && examples.length === 0)) return null;
  if (hasData && family.evaluateExamples) {
    const { loss, accuracy, extra, classes } = await family.evaluateExamples(estimates, examples);
    return {
      examples: examples.length,
      loss,
      ...(accuracy !== null && { accuracy }),
      ...(classes && classFigures(classes.labels, classes.predicted)),
      ...extra,
    };
  }
  const objective = family.shard(examples, client);
  const all = Uint32Array.from({ length: objective.exampleCount }, (_, i) => i);
  let sum = 0;
  for (const estimate of estimates) sum += await objective.loss(estimate, all);
  return { examples: objective.exampleCount, loss: sum / estimates.length };
}
