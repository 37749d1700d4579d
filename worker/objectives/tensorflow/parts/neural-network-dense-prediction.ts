import { GradswarmError } from '../../../../protocol/errors.js';
import type { Objective, ReadonlyVector, Segment, Vector } from '../../../../protocol/method.js';
import { log } from '../../../../protocol/numerics/elementary.js';
import { squaredNorm } from '../../../../protocol/numerics/vector.js';
import type { Examples } from '../../../datasets/dataset.js';
import { rowOf } from '../../../datasets/stored-rows.js';
import { subsetOf } from '../../../datasets/subset.js';
import { IGNORED, SCENE_CLASSES, SCENE_SIDE } from '../../../datasets/synthetic-scenes.js';
import type { Device } from '../../../device/device-access.js';
import { tf } from '../../../device/tensorflow.js';
import type { Evaluation, ObjectiveFamily } from '../../family.js';
import { clippingWeight } from '../../plain/clipping-weight.js';
import { softmaxInto } from '../../plain/dense-loops.js';
import { largestIndex } from '../../plain/largest-index.js';
import { type ObjectiveRequest, requireDataset } from '../../request.js';
import type { DensePredictionSettings } from './dense-prediction-settings.js';
import { descendOn, type WholeDescent } from './descent.js';
import { openDeviceFor } from './neural-network.js';
import { CELLS, DensePredictionNetwork, oneHot, PIXELS } from './neural-network-dense-prediction-layers.js';

/** Scenes on the device at once in an evaluation. */
const BATCH = 100;

/** Scenes with their truth, and how much one pixel counts: withheld ones are as many in every scene. */
class Scenes {
  readonly pixelWeight: number;
  private readonly segmentation: Uint8Array;
  private readonly detection: Uint8Array;

  constructor(private readonly examples: Examples) {
    this.segmentation = examples.maps!.segmentation!;
    this.detection = examples.maps!.detection!;
    const known = this.segmentation.subarray(0, PIXELS).reduce((count, kind) => count + (kind === IGNORED ? 0 : 1), 0);
    this.pixelWeight = 1 / known;
  }

  get count(): number {
    return this.examples.count;
  }

  /** Classes of the places of `rows`, one example after the other. */
  classes(task: 'segmentation' | 'detection', rows: Uint32Array): Uint8Array {
    const [source, places] = task === 'segmentation' ? [this.segmentation, PIXELS] : [this.detection, CELLS];
    const gathered = new Uint8Array(rows.length * places);
    for (let i = 0; i < rows.length; i++)
      gathered.set(source.subarray(rows[i]! * places, (rows[i]! + 1) * places), i * places);
    return gathered;
  }

  images(device: Device, rows: Uint32Array): tf.Tensor4D {
    const gathered = new Float32Array(rows.length * PIXELS);
    for (let i = 0; i < rows.length; i++) gathered.set(rowOf(this.examples, rows[i]!, PIXELS), i * PIXELS);
    return device.upload<tf.Rank.R4>(gathered, [rows.length, SCENE_SIDE, SCENE_SIDE, 1]);
  }

  truth(device: Device, rows: Uint32Array) {
    const upload = (task: 'segmentation' | 'detection') => {
      const classes = this.classes(task, rows);
      return device.upload<tf.Rank.R2>(oneHot(classes), [classes.length, SCENE_CLASSES]);
    };
    return { segmentation: upload('segmentation'), detection: upload('detection') };
  }
}

/** One client's mean loss over its scenes. */
class DensePredictionObjective implements Objective {
  readonly segments: readonly Segment[];
  readonly exampleCount: number;
  /** Where the device lets the weights stay. */
  readonly descend?: NonNullable<Objective['descend']>;
  readonly descendWhole?: WholeDescent['descendWhole'];

  constructor(
    private readonly device: Device,
    private readonly network: DensePredictionNetwork,
    private readonly scenes: Scenes,
    private readonly rows: Uint32Array,
  ) {
    this.segments = network.segments;
    this.exampleCount = rows.length;
    const { stepping } = device;
    if (!stepping) return;
    const descending = { upload: network.upload.bind(network), gradients: this.gradientTensors.bind(this) };
    const descend: WholeDescent['descendWhole'] = (params, batches, rate, room = () => this.vector(), between) =>
      descendOn(device, stepping, descending, params, batches, rate, room, between);
    this.descendWhole = descend;
    this.descend = (params, batches, rate, into) => descend(params, batches, rate, into && (() => into), () => {});
  }

  async loss(params: ReadonlyVector, batch: Uint32Array): Promise<number> {
    if (batch.length === 0) return 0;
    const { device, network, scenes } = this;
    const rows = batch.map((index) => this.rows[index]!);
    const total = tf.tidy(() => {
      const passage = network.forward(device, network.upload(device, params), scenes.images(device, rows));
      return network.lossSum(passage, scenes.truth(device, rows), scenes.pixelWeight);
    });
    const value = new Float32Array(1);
    await device.read([total], value);
    total.dispose();
    return value[0]! / batch.length;
  }

  async gradient(params: ReadonlyVector, batch: Uint32Array, into = this.vector()): Promise<Vector> {
    if (batch.length === 0) return into.fill(0);
    const { device, network } = this;
    const gradients = tf.tidy(() => this.gradientTensors(network.upload(device, params), batch));
    await device.read(gradients, into as Float32Array);
    tf.dispose(gradients);
    return into;
  }

  private gradientTensors(weights: readonly tf.Tensor[], batch: Uint32Array): tf.Tensor[] {
    const { device, network, scenes } = this;
    const rows = batch.map((index) => this.rows[index]!);
    const passage = network.forward(device, weights, scenes.images(device, rows));
    const sums = network.gradients(device, weights, passage, scenes.truth(device, rows), scenes.pixelWeight);
    return sums.map((sum) => tf.div(sum, batch.length));
  }

  async *exampleGradients(params: ReadonlyVector, batch: Uint32Array): AsyncGenerator<ReadonlyVector> {
    for (const index of batch) yield await this.gradient(params, Uint32Array.of(index));
  }

  clippedGradientSum(params: ReadonlyVector, batch: Uint32Array, radius: number): Promise<Vector> {
    return this.clippedSum(batch, radius, (one) => this.gradient(params, one));
  }

  clippedDifferenceSum(
    params: ReadonlyVector,
    previous: ReadonlyVector,
    batch: Uint32Array,
    radius: number,
  ): Promise<Vector> {
    return this.clippedSum(batch, radius, async (one) => {
      const [now, before] = [await this.gradient(params, one), await this.gradient(previous, one)];
      for (let j = 0; j < now.length; j++) now[j] = now[j]! - before[j]!;
      return now;
    });
  }

  /** One example at a time: a convolution's gradients have no cheap norms. */
  private async clippedSum(
    batch: Uint32Array,
    radius: number,
    vectorOf: (one: Uint32Array) => Promise<Vector>,
  ): Promise<Vector> {
    const sums = new Float64Array(this.network.parameterCount);
    for (const index of batch) {
      const vector = await vectorOf(Uint32Array.of(index));
      const weight = clippingWeight(squaredNorm(vector), radius);
      if (weight > 0) for (let j = 0; j < sums.length; j++) sums[j] = sums[j]! + weight * vector[j]!;
    }
    const result = this.vector();
    result.set(sums);
    return result;
  }

  private vector(): Vector {
    return new Float32Array(this.network.parameterCount);
  }
}

/** Running loss and rightness of one head over its places. */
class HeadScore {
  private lossSum = 0;
  private right = 0;
  private readonly hits = new Float64Array(SCENE_CLASSES);
  private readonly unions = new Float64Array(SCENE_CLASSES);
  private places = 0;

  /** `mean`: averaged probabilities of a place. */
  add(mean: Float64Array, truth: number): void {
    const predicted = largestIndex(mean);
    this.lossSum -= log(Math.max(mean[truth]!, Number.MIN_VALUE));
    this.places++;
    this.unions[truth]!++;
    if (predicted !== truth) this.unions[predicted]!++;
    else {
      this.right++;
      this.hits[truth]!++;
    }
  }

  get loss(): number {
    return this.lossSum / this.places;
  }

  get accuracy(): number {
    return this.right / this.places;
  }

  /** Mean over the classes of hits / (hits + misses + false alarms). */
  get intersectionOverUnion(): number {
    let sum = 0;
    for (let c = 0; c < SCENE_CLASSES; c++) sum += this.unions[c] === 0 ? 1 : this.hits[c]! / this.unions[c]!;
    return sum / SCENE_CLASSES;
  }
}

/** Loss and accuracy (share of right pixels) of the averaged predictions, and each head's own figures beside. */
async function evaluateScenes(
  device: Device,
  network: DensePredictionNetwork,
  scenes: Scenes,
  estimates: readonly ReadonlyVector[],
  detectionWeight: number,
): Promise<Evaluation> {
  const scores = { segmentation: new HeadScore(), detection: new HeadScore() };
  const probabilities = new Float64Array(SCENE_CLASSES);
  const mean = new Float64Array(SCENE_CLASSES);
  for (let start = 0; start < scenes.count; start += BATCH) {
    const rows = Uint32Array.from({ length: Math.min(BATCH, scenes.count - start) }, (_, i) => start + i);
    const outputs: { readonly segmentation: Float32Array; readonly detection: Float32Array }[] = [];
    for (const estimate of estimates) outputs.push(await predict(device, network, scenes, rows, estimate));
    for (const task of ['segmentation', 'detection'] as const) {
      const classes = scenes.classes(task, rows);
      for (let place = 0; place < classes.length; place++) {
        if (classes[place] === IGNORED) continue;
        mean.fill(0);
        for (const output of outputs) {
          const own = output[task].subarray(place * SCENE_CLASSES, (place + 1) * SCENE_CLASSES);
          softmaxInto(probabilities, Float64Array.from(own));
          for (let c = 0; c < SCENE_CLASSES; c++) mean[c]! += probabilities[c]! / outputs.length;
        }
        scores[task].add(mean, classes[place]!);
      }
    }
  }
  const { segmentation, detection } = scores;
  return {
    loss: segmentation.loss + detectionWeight * detection.loss,
    accuracy: segmentation.accuracy,
    extra: {
      segmentationLoss: segmentation.loss,
      detectionLoss: detection.loss,
      intersectionOverUnion: segmentation.intersectionOverUnion,
      detectionAccuracy: detection.accuracy,
    },
  };
}

async function predict(
  device: Device,
  network: DensePredictionNetwork,
  scenes: Scenes,
  rows: Uint32Array,
  params: ReadonlyVector,
) {
  const tensors = tf.tidy(() => {
    const passage = network.forward(device, network.upload(device, params), scenes.images(device, rows));
    return [passage.segmentation, passage.detection];
  });
  const pixelValues = rows.length * PIXELS * SCENE_CLASSES;
  const values = new Float32Array(pixelValues + rows.length * CELLS * SCENE_CLASSES);
  await device.read(tensors, values);
  tf.dispose(tensors);
  return { segmentation: values.subarray(0, pixelValues), detection: values.subarray(pixelValues) };
}

export async function createDensePrediction(
  settings: DensePredictionSettings,
  request: ObjectiveRequest,
): Promise<ObjectiveFamily> {
  const dataset = requireDataset(request, 'classification');
  if (!dataset.train.maps)
    throw new GradswarmError(
      'ERR_OBJECTIVE',
      `objective 'dense-prediction': expected a data set with ground truth by place, '${dataset.name}' has none; use 'synthetic-scenes'`,
    );
  const device = await openDeviceFor(request);
  const network = new DensePredictionNetwork(settings);
  const [train, test] = [new Scenes(dataset.train), new Scenes(dataset.test)];
  const { detectionWeight } = settings;
  return {
    segments: network.segments,
    parameterCount: network.parameterCount,
    device: { name: device.name, why: device.why, deterministic: device.deterministic },
    initialParams: (rng) => network.initialParams(rng),
    shard: (examples) => new DensePredictionObjective(device, network, train, examples),
    evaluate: (estimates) => evaluateScenes(device, network, test, estimates, detectionWeight),
    evaluateTraining: (estimates) => evaluateScenes(device, network, train, estimates, detectionWeight),
    evaluateExamples: (estimates, rows) =>
      evaluateScenes(device, network, new Scenes(subsetOf(dataset, dataset.train, rows)), estimates, detectionWeight),
    tensorCount: () => device.tensorCount(),
  };
}
