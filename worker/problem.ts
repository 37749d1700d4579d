import { GradswarmError } from '../protocol/errors.js';
import type { ClientIndex, Objective, ReadonlyVector } from '../protocol/method.js';
import { rootStream } from '../protocol/numerics/random.js';
import { KeptValues } from '../protocol/party/kept-values.js';
import type { ModelShape } from '../protocol/party/run-site.js';
import type { Scenario } from '../protocol/scenario/scenario.js';
import { edgeServersOf, topologies } from '../protocol/topology/family.js';
import { changedFamilies } from './changed-data.js';
import { type ClientFigures, evaluateClient } from './client-evaluation.js';
import type { Dataset, Partition } from './datasets/dataset.js';
import { datasets } from './datasets/load.js';
import { holdOut } from './datasets/partition/hold-out.js';
import { partitionDataset, partitions } from './datasets/partition/partition.js';
import type { ShardList } from './datasets/shard-list.js';
import { type Fingerprint, fingerprintOf } from './fingerprint.js';
import { readInitial } from './initial-file.js';
import type { ObjectiveFamily } from './objectives/family.js';
import { createObjectiveFamily } from './objectives/objectives.js';
import type { ObjectiveRequest } from './objectives/request.js';
import { scaledGradients } from './objectives/scaled-gradients.js';
import { type ReadData, readData } from './read-data.js';

/** Objectives of as many clients are kept; those of others are made again. */
export const KEPT_OBJECTIVES = 8192;

/** Data, its split and the model of a scenario: the same in every process that opens it. */
export interface Problem {
  readonly dataset: Dataset;
  readonly partition: Partition;
  readonly family: ObjectiveFamily;
  readonly model: ModelShape;
  /** Of data in memory it is made when it is first read: to hash them takes as long as to read them. */
  readonly fingerprint: Fingerprint;
  /** Each client's held-out examples; null: none are. They are in no client's shard. */
  readonly heldOut: ShardList | null;
  /** The client's objective, created at first use. */
  objectiveOf(client: ClientIndex): Objective;
  /** The same on the data that faults give it in this round. */
  changed(client: ClientIndex, round: number): Objective;
  /** The estimates on one client's held-out examples, or on its shard, as they are in this round; null where it has none. */
  evaluateClient(
    client: ClientIndex,
    estimates: readonly ReadonlyVector[],
    round: number,
  ): Promise<ClientFigures | null>;
  /** Examples of each client. */
  exampleCounts(): readonly number[];
  /** Share of each class among a client's examples; none of a client without examples. Throws ERR_SCENARIO for data without classes. */
  labelShares(client: ClientIndex): readonly number[];
}

/** Builds the objective's family; `examples`: of a usual batch. Left out: on the device that the request names, or wasm. */
export type MakeFamily = (request: ObjectiveRequest, examples: Uint32Array) => Promise<ObjectiveFamily>;

/** `device`: null is the scenario's. 'auto' without a `makeFamily` that chooses is wasm. Throws ERR_DEVICE where the objective does not compute on the device that is named. */
export async function openProblem(
  scenario: Scenario,
  device: string | null = null,
  makeFamily: MakeFamily = createObjectiveFamily,
  read: ReadData = readData,
): Promise<Problem> {
  const streams = rootStream(scenario.seed, scenario.precision);
  const { partition: partitionSpec, ...dataSpec } = scenario.data;
  await datasets.loadSpec(dataSpec);
  await partitions.loadSpec(partitionSpec);
  const dataset = await read(scenario, streams.derive('data'));
  if (scenario.topology) await topologies.loadSpec(scenario.topology);
  const edgeServers = edgeServersOf(scenario.topology, scenario.clients);
  if (edgeServers.length > 0 && dataset.train.count === 0)
    throw new GradswarmError('ERR_SCENARIO', 'data: expected a data set with edge servers, which hold no part of it');
  const dealt = partitionDataset(
    dataset,
    scenario.clients - edgeServers.length,
    partitionSpec,
    streams.derive('partition'),
  );
  const whole = { ...dealt, shards: dealt.shards.extended(edgeServers.length) };
  const share = scenario.evaluation.perClient?.heldOut ?? 0;
  const split = share > 0 && dataset.train.count > 0 ? holdOut(whole, share, streams.derive('partition')) : null;
  const { partition, shards: heldOut } = split ?? { partition: whole, shards: null };
  const chosen = device ?? scenario.device;
  const request: ObjectiveRequest = {
    objective: scenario.objective,
    dataset: dataset.train.count > 0 ? dataset : null,
    clientCount: scenario.clients,
    precision: scenario.precision,
    rng: streams.derive('objective'),
    device: chosen === 'auto' ? undefined : (chosen ?? undefined),
  };
  const made = await makeFamily(request, usualBatch(scenario, partition));
  const family = heldOut ? trainedOn(made, partition) : made;
  const ofFamily = new Map<ObjectiveFamily, KeptValues<ClientIndex, Objective>>();
  const objectiveIn = (from: ObjectiveFamily, client: ClientIndex): Objective => {
    let objectives = ofFamily.get(from);
    if (!objectives) ofFamily.set(from, (objectives = new KeptValues(KEPT_OBJECTIVES)));
    return (
      objectives.get(client) ??
      objectives.add(client, stressed(from.shard(partition.shards.at(client), client), scenario))
    );
  };
  const objectiveOf = (client: ClientIndex): Objective => objectiveIn(family, client);
  const { initial } = scenario;
  const initialParams = family.initialParams(streams.derive('model'));
  if (initial) {
    const model = { segments: family.segments, values: initialParams };
    // Read with it: archives of arrays take some time.
    const { readModel } = await import('./model-file.js');
    readModel(readInitial(initial), initial.file, model, family.base ?? null);
  }
  const changed = await changedFamilies(scenario, { dataset, partition, heldOut, streams }, async (data) => {
    // On the same device, whatever chose it.
    const alike = { device: family.device?.name ?? request.device, rng: streams.derive('objective') };
    const other = await createObjectiveFamily({ ...request, ...alike, dataset: data });
    if (family.base) other.base!.values.set(family.base.values);
    return other;
  });
  const initialNumbers = [initialParams, ...(family.base ? [family.base.values] : [])];
  let fingerprint: Fingerprint | undefined;
  const fingerprinted = () => (fingerprint ??= fingerprintOf(dataset, partition, initialNumbers));
  // What a run has begun with is what its files held then; and rows that fit stay in memory from here on.
  if (dataset.train.stored || dataset.test.stored) fingerprinted();
  return {
    dataset,
    partition,
    family,
    model: {
      segments: family.segments,
      parameterCount: family.parameterCount,
      initialParams,
    },
    heldOut,
    get fingerprint() {
      return fingerprinted();
    },
    evaluateClient: (client, estimates, round) =>
      evaluateClient({ dataset, partition, family: changed.evaluation(round) ?? family, heldOut }, client, estimates),
    objectiveOf,
    changed: (client, round) => objectiveIn(changed.training(round) ?? family, client),
    labelShares: (client) => labelSharesOf(dataset, partition.shards.at(client)),
    exampleCounts: () =>
      Array.from({ length: scenario.clients }, (_, client) =>
        dataset.train.count > 0 ? partition.shards.sizeAt(client) : objectiveOf(client).exampleCount,
      ),
  };
}

function labelSharesOf({ name, classCount, train }: Dataset, shard: Uint32Array): readonly number[] {
  if (classCount < 2)
    throw new GradswarmError(
      'ERR_SCENARIO',
      `faults: expected data of at least 2 classes for 'label-availability', '${name}' has ${classCount}`,
    );
  if (shard.length === 0) return [];
  const counts = new Array<number>(classCount).fill(0);
  for (const example of shard) counts[train.labels[example]!]!++;
  return counts.map((count) => count / shard.length);
}

/** The first examples of the first client that has some: as many as its method takes at once, or 32. */
function usualBatch({ method }: Scenario, { shards }: Partition): Uint32Array {
  const { batchSize = null } = method as { readonly batchSize?: unknown };
  let client = 0;
  while (client < shards.length - 1 && shards.sizeAt(client) === 0) client++;
  return shards.at(client).subarray(0, typeof batchSize === 'number' ? batchSize : 32);
}

/** The family whose training examples are those of these shards. */
function trainedOn(family: ObjectiveFamily, { shards }: Partition): ObjectiveFamily {
  const { evaluateTraining, evaluateExamples } = family;
  if (!evaluateTraining || !evaluateExamples) return family;
  return { ...family, evaluateTraining: (estimates) => evaluateExamples(estimates, shards.all) };
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
  return scaledGradients(objective, factors);
}
