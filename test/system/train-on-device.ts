/**
 * A program of tests of devices: trains every objective that computes on a device for some steps on `cpu`, then on the device that it
 * is given by name, and prints as JSON what came of it.
 */
import { rootStream } from '../../protocol/numerics/random.js';
import { indices, syntheticDataset } from '../../scenarios/check/parts/synthetic-dataset.js';
import { LAYER_PROBES } from '../../scenarios/devices/layer-probes.js';
import type { Dataset } from '../../worker/datasets/dataset.js';
import { datasets, loadDataset } from '../../worker/datasets/load.js';
import { findAccelerators, processDevice } from '../../worker/device/device.js';
import { gradientDifference } from '../../worker/device/gradient-difference.js';
import { createObjectiveFamily } from '../../worker/objectives/objectives.js';
import type { ObjectiveRequest } from '../../worker/objectives/request.js';

export interface Trained {
  readonly objective: string;
  readonly title: string;
  /** Of the change of the parameters, from that on `cpu`, relative to its largest entry. */
  readonly difference: number;
  /** The largest entry. */
  readonly change: number;
}

export interface Training {
  /** Why the device would not be taken without being named; null: it would. */
  readonly refused: string | null;
  readonly detail: string;
  readonly trained: readonly Trained[];
}

interface Case {
  readonly title: string;
  readonly objective: ObjectiveRequest['objective'];
  readonly dataset: Dataset;
  readonly steps?: number;
}

const STEPS = 5;
const BATCH = 4;
const RATE = 0.1;

async function changeOn(device: string, { objective, dataset, steps = STEPS }: Case): Promise<Float64Array> {
  const rng = rootStream(1, 'float32');
  const family = await createObjectiveFamily({ objective, dataset, clientCount: 1, precision: 'float32', rng, device });
  const shard = family.shard(indices(dataset.train.count));
  const initial = Float32Array.from(family.initialParams(rng));
  const batches = Array.from({ length: steps }, (_, step) =>
    indices(BATCH).map((i) => (step * BATCH + i) % dataset.train.count),
  );
  let params = initial.slice();
  // As local SGD does: the weights stay on the device where it lets them.
  if (shard.descend) params = (await shard.descend(initial, batches, RATE)) as Float32Array<ArrayBuffer>;
  else
    for (const batch of batches) {
      const gradient = await shard.gradient(params, batch);
      for (let j = 0; j < params.length; j++) params[j] = params[j]! - RATE * gradient[j]!;
    }
  return Float64Array.from(params, (value, j) => value - initial[j]!);
}

const images = syntheticDataset({ featureShape: [8, 8, 1], classCount: 3 });
const scenes = { name: 'synthetic-scenes', examples: 16, testExamples: 8 };
await datasets.loadSpec(scenes);
const cases: readonly Case[] = [
  { title: 'mlp', objective: { name: 'mlp', hidden: [9] }, dataset: images },
  { title: 'lenet', objective: { name: 'lenet', filters: [2, 3], kernelSize: 3, dense: [5] }, dataset: images },
  {
    title: 'dense-prediction',
    objective: { name: 'dense-prediction', backboneChannels: 3, neckChannels: 4, kernelSize: 3 },
    dataset: await loadDataset(scenes, rootStream(4, 'float32')),
  },
  ...LAYER_PROBES.map(({ layer, layers, dataset }) => ({
    title: `layers: ${layer}`,
    objective: { name: 'layers', layers },
    dataset,
    // Its masks are keyed by the bits of the parameters, which devices round differently: one step has the same masks.
    ...(layer === 'dropout' ? { steps: 1 } : {}),
  })),
];
const expected: Float64Array[] = [];
for (const one of cases) expected.push(await changeOn('cpu', one));
const device = process.argv[2]!;
const found = await findAccelerators('beside those that are installed');
const { detail } = await processDevice(device);
const trained: Trained[] = [];
for (const [i, one] of cases.entries()) {
  const reference = expected[i]!;
  const difference = gradientDifference(await changeOn(device, one), reference);
  const change = reference.reduce((largest, value) => Math.max(largest, Math.abs(value)), 0);
  trained.push({ objective: one.objective.name, title: one.title, difference, change });
}
const refused = found.find(({ name }) => name === device)?.problem ?? null;
const training: Training = { refused, detail, trained };
// Dawn's threads would keep the process.
process.stdout.write(JSON.stringify(training), () => process.exit(0));
