import { rootStream } from '../../protocol/numerics/random.js';
import type { Dataset } from '../../worker/datasets/dataset.js';
import { type DevicePackages, devicePackages } from '../../worker/device/device.js';
import { gradientDifference, TOLERANCE } from '../../worker/device/gradient-difference.js';
import { createObjectiveFamily } from '../../worker/objectives/objectives.js';
import type { ObjectiveRequest } from '../../worker/objectives/request.js';
import { indices, syntheticDataset } from '../check/parts/synthetic-dataset.js';
import { LAYER_PROBES } from './layer-probes.js';

/** Forward, weight and input gradients of an MLP 784-256-128-10, without the input gradient of its first layer. */
const FLOP_PER_EXAMPLE = 1.007e6;
const SPEED_BATCH = 32;
const SPEED_MS = 300;

export interface LayerCheck {
  readonly layer: string;
  /** Largest difference from the plain device's gradient, relative to its largest entry. */
  readonly difference: number;
  readonly right: boolean;
  /** Two equal gradients had equal bits. */
  readonly deterministic: boolean;
}

/** One device of this machine. */
export interface DeviceReport extends DevicePackages {
  /** What exactly was opened; null: it could not be. */
  readonly detail: string | null;
  /** Why it cannot be used; null: it can. */
  readonly problem: string | null;
  readonly layers: readonly LayerCheck[];
  /** Of gradients of an MLP 784-256-128-10 at batches of 32. */
  readonly gflops: number | null;
  /** By which this process grew when it was opened and used. */
  readonly memoryBytes: number | null;
}

const reference = new Map<string, Float32Array>();

/** Opens every device in turn and checks it. `note` is called before each. */
export async function reportDevices(note: (name: string) => void): Promise<readonly DeviceReport[]> {
  const packages = devicePackages();
  const reports: DeviceReport[] = [];
  // The plain device is what the others are compared with.
  const order = [...packages].sort((a, b) => Number(b.name === 'cpu') - Number(a.name === 'cpu'));
  for (const device of order) {
    note(device.name);
    reports.push(await reportOn(device));
  }
  return packages.map(({ name }) => reports.find((report) => report.name === name)!);
}

async function reportOn(device: DevicePackages): Promise<DeviceReport> {
  const before = process.memoryUsage.rss();
  try {
    const { gflops, detail } = await speedOf(device.name);
    const layers: LayerCheck[] = [];
    for (const { layer, layers: list, dataset } of LAYER_PROBES)
      layers.push(await checkLayer(device.name, layer, { name: 'layers', layers: list }, dataset));
    const memoryBytes = Math.max(0, process.memoryUsage.rss() - before);
    return { ...device, detail, problem: null, layers, gflops, memoryBytes };
  } catch (error) {
    return { ...device, detail: null, problem: problemOf(error), layers: [], gflops: null, memoryBytes: null };
  }
}

function problemOf(error: unknown): string {
  const { message } = error as Error;
  return /; [^:]*: (.*); leave the device out/.exec(message)?.[1] ?? message.split('\n')[0]!;
}

async function checkLayer(device: string, layer: string, objective: ObjectiveRequest['objective'], dataset: Dataset) {
  const family = await familyOn(device, objective, dataset);
  const rng = rootStream(1, 'float32');
  const params = Float32Array.from(family.initialParams(rng));
  // Biases begin as zeros, of which some gradients do not depend.
  const noise = rng.normal(params.length);
  for (let j = 0; j < params.length; j++) params[j] = params[j]! + 0.1 * noise[j]!;
  const gradients: Float32Array[] = [];
  for (let pass = 0; pass < 2; pass++)
    gradients.push(Float32Array.from(await family.shard(indices(8)).gradient(params, indices(5))));
  const [first, second] = gradients as [Float32Array, Float32Array];
  if (device === 'cpu') reference.set(layer, first);
  const difference = gradientDifference(first, reference.get(layer) ?? first);
  const deterministic = first.every((value, j) => Object.is(value, second[j]));
  return { layer, difference, right: difference <= TOLERANCE, deterministic };
}

async function speedOf(device: string): Promise<{ readonly gflops: number; readonly detail: string }> {
  const dataset = syntheticDataset({ featureShape: [784], classCount: 10, trainCount: SPEED_BATCH, testCount: 1 });
  const family = await familyOn(device, { name: 'mlp', hidden: [256, 128] }, dataset);
  const shard = family.shard(indices(SPEED_BATCH));
  const params = family.initialParams(rootStream(1, 'float32'));
  const batch = indices(SPEED_BATCH);
  await shard.gradient(params, batch);
  let least = Number.POSITIVE_INFINITY;
  const until = performance.now() + SPEED_MS;
  do {
    const before = performance.now();
    await shard.gradient(params, batch);
    least = Math.min(least, performance.now() - before);
  } while (performance.now() < until);
  const why = family.device!.why.at(-1)!;
  const detail = /\((.*)\)$/.exec(why)?.[1] ?? why;
  return { gflops: (FLOP_PER_EXAMPLE * SPEED_BATCH) / (1e6 * least), detail };
}

function familyOn(device: string, objective: ObjectiveRequest['objective'], dataset: Dataset) {
  const rng = rootStream(1, 'float32');
  return createObjectiveFamily({ objective, dataset, clientCount: 1, precision: 'float32', rng, device });
}
