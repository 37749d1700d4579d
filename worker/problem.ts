import { GradswarmError } from '../protocol/errors.js';
import type { ClientIndex, Objective } from '../protocol/method.js';
import { rootStream } from '../protocol/numerics/random.js';
import type { ModelShape } from '../protocol/party/run-site.js';
import type { Scenario } from '../protocol/scenario/scenario.js';
import type { Dataset, Partition } from './datasets/dataset.js';
import { datasets, loadDataset } from './datasets/load.js';
import { partitionDataset, partitions } from './datasets/partition/partition.js';
import { type Fingerprint, fingerprintOf } from './fingerprint.js';
import { readInitial } from './initial-file.js';
import { readModel } from './model-file.js';
import type { ObjectiveFamily } from './objectives/family.js';
import { createObjectiveFamily } from './objectives/objectives.js';
import { ScaledGradients } from './objectives/scaled-gradients.js';

/** Data, its split and the model of a scenario: the same in every process that opens it. */
export interface Problem {
  readonly dataset: Dataset;
  readonly partition: Partition;
  readonly family: ObjectiveFamily;
  readonly model: ModelShape;
  readonly fingerprint: Fingerprint;
  /** The client's objective, created at first use. */
  objectiveOf(client: ClientIndex): Objective;
}

export async function openProblem(scenario: Scenario, device?: string): Promise<Problem> {
  const streams = rootStream(scenario.seed, scenario.precision);
  const { partition: partitionSpec, ...dataSpec } = scenario.data;
  await datasets.loadSpec(dataSpec);
  await partitions.loadSpec(partitionSpec);
  const dataset = await loadDataset(dataSpec, streams.derive('data'));
  const partition = partitionDataset(dataset, scenario.clients, partitionSpec, streams.derive('partition'));
  const chosen = device ?? scenario.device;
  const family = await createObjectiveFamily({
    objective: scenario.objective,
    dataset: dataset.train.count > 0 ? dataset : null,
    clientCount: scenario.clients,
    precision: scenario.precision,
    rng: streams.derive('objective'),
    device: chosen === 'auto' ? undefined : chosen,
  });
  const objectives = new Map<ClientIndex, Objective>();
  const { initial } = scenario;
  const initialParams = family.initialParams(streams.derive('model'));
  if (initial) {
    const model = { segments: family.segments, values: initialParams };
    readModel(readInitial(initial), initial.file, model, family.base ?? null);
  }
  return {
    dataset,
    partition,
    family,
    model: {
      segments: family.segments,
      parameterCount: family.parameterCount,
      initialParams,
    },
    fingerprint: fingerprintOf(dataset, partition, [initialParams, ...(family.base ? [family.base.values] : [])]),
    objectiveOf(client) {
      let objective = objectives.get(client);
      if (!objective) {
        objective = stressed(family.shard(partition.shards[client]!, client), scenario);
        objectives.set(client, objective);
      }
      return objective;
    },
  };
}

/** The objective under the scenario's stress. Records of runs from before there was one have none. */
function stressed(objective: Objective, { stress }: Scenario): Objective {
  const factors = stress?.gradientScales ?? {};
  if (Object.keys(factors).length === 0) return objective;
  if ('priorGradient' in objective)
    throw new GradswarmError(
      'ERR_SCENARIO',
      'stress.gradientScales: expected {} with a log-posterior, whose likelihood and prior would no longer belong together',
    );
  return new ScaledGradients(objective, factors);
}
