import { GradswarmError } from '../../../../protocol/errors.js';
import type { Objective, ReadonlyVector, Segment, Vector } from '../../../../protocol/method.js';
import type { Dataset, Examples } from '../../../datasets/dataset.js';
import { subsetOf } from '../../../datasets/subset.js';
import { processDevice } from '../../../device/device.js';
import type { Device } from '../../../device/device-access.js';
import { tf } from '../../../device/tensorflow.js';
import type { ObjectiveFamily } from '../../family.js';
import type { JoiningObjective } from '../../joining.js';
import { clippingWeight } from '../../plain/clipping-weight.js';
import { checkExamples } from '../../plain/dense-shape.js';
import { featureCountOf, type ObjectiveRequest, requireDataset } from '../../request.js';
import { descendOn, type WholeDescent } from './descent.js';
import { type GradientRequest, JoinedGradients } from './joined-gradients.js';
import { differenceTerms, gradientTerms, type LayerTerm } from './neural-network-clipping.js';
import { evaluateNetwork } from './neural-network-evaluation.js';
import { type LayerShape, type Passage, TensorNetwork, type Weights } from './neural-network-layers.js';
import type {
  ConvolutionalSettings,
  MultilayerPerceptronSettings,
  TensorActivation,
} from './neural-network-settings.js';

/** What the objectives of one family share. */
interface Shared {
  readonly device: Device;
  readonly network: TensorNetwork;
  readonly examples: Examples;
  readonly classCount: number;
  /** Null: on this device a gradient has other bits among others. */
  readonly joined: JoinedGradients | null;
}

/** One client's mean loss over its rows of the training examples, computed on the device in float32. */
class TensorObjective implements JoiningObjective {
  readonly segments: readonly Segment[];
  readonly exampleCount: number;
  /** Where the device lets the weights stay. */
  readonly descend?: NonNullable<Objective['descend']>;
  readonly descendWhole?: WholeDescent['descendWhole'];

  constructor(
    private readonly shared: Shared,
    private readonly rows: Uint32Array,
  ) {
    this.segments = shared.network.segments;
    this.exampleCount = rows.length;
    const { device, network } = shared;
    const { stepping } = device;
    const descending = {
      upload: network.upload.bind(network),
      gradients: this.gradientTensors.bind(this),
    };
    if (!stepping) return;
    const descend: WholeDescent['descendWhole'] = (params, batches, rate, room = () => this.vector(), between) =>
      descendOn(device, stepping, descending, params, batches, rate, room, between);
    this.descendWhole = descend;
    this.descend = (params, batches, rate, into) => descend(params, batches, rate, into && (() => into), () => {});
  }

  /** Parameters and a batch on the device. */
  private upload(
    params: ReadonlyVector,
    batch: Uint32Array,
  ): { readonly weights: Weights; readonly inputs: tf.Tensor; readonly answers: tf.Tensor2D } {
    const { device, network } = this.shared;
    return { weights: network.upload(device, params), ...this.batchOf(batch) };
  }

  /** Examples are gathered here: copying a batch costs little beside a step. */
  private batchOf(batch: Uint32Array): { readonly inputs: tf.Tensor; readonly answers: tf.Tensor2D } {
    const { device, network, examples, classCount } = this.shared;
    const inputs = network.gather(examples, this.rows, batch);
    const width = classCount || 1;
    const answers = new Float32Array(batch.length * width);
    for (let i = 0; i < batch.length; i++) {
      const row = this.rows[batch[i]!]!;
      if (classCount > 0) answers[i * width + examples.labels[row]!] = 1;
      else answers[i] = examples.targets[row]!;
    }
    return {
      inputs: device.upload(inputs, [batch.length, ...network.inputShape]),
      answers: device.upload<tf.Rank.R2>(answers, [batch.length, width]),
    };
  }

  async loss(params: ReadonlyVector, batch: Uint32Array): Promise<number> {
    if (batch.length === 0) return 0;
    const { device, network } = this.shared;
    const total = tf.tidy(() => {
      const { weights, inputs, answers } = this.upload(params, batch);
      return network.lossSum(network.forward(weights, inputs).outputs, answers);
    });
    const value = new Float32Array(1);
    await device.read([total], value);
    total.dispose();
    return value[0]! / batch.length;
  }

  async gradient(params: ReadonlyVector, batch: Uint32Array, into = this.vector()): Promise<Vector> {
    if (batch.length === 0) return into.fill(0);
    const { device, network } = this.shared;
    const gradients = tf.tidy(() => [...this.gradientTensors(network.upload(device, params), batch)]);
    await device.read(gradients, into as Float32Array);
    tf.dispose(gradients);
    return into;
  }

  /** The same bits, in one pass with the gradients that other clients ask for at the same parameters. Left out by devices with other bits. */
  get joinedGradient(): JoiningObjective['joinedGradient'] {
    const { joined } = this.shared;
    if (!joined) return undefined;
    return (params, batch, into: Vector = this.vector()) =>
      batch.length === 0
        ? Promise.resolve(into.fill(0))
        : joined.gradient({ params, examples: batch.map((i) => this.rows[i]!), into });
  }

  private gradientTensors(weights: Weights, batch: Uint32Array): readonly tf.Tensor[] {
    const { network } = this.shared;
    const { inputs, answers } = this.batchOf(batch);
    const passage = network.forward(weights, inputs);
    const delta = tf.mul(network.outputDelta(passage.outputs, answers), 1 / batch.length);
    return network.gradients(passage, network.deltas(weights, passage, delta));
  }

  /** The gradients of requests with equal parameters and batches of one length. Sums over examples are those of each batch alone, so its bits are too. */
  async gradients(requests: readonly GradientRequest[]): Promise<void> {
    const { device, network } = this.shared;
    const [{ params, examples }] = requests as [GradientRequest];
    const size = examples.length;
    const all = new Uint32Array(requests.length * size);
    for (const [k, request] of requests.entries()) all.set(request.examples, k * size);
    // Tidy and dispose find the tensors in it.
    const pass = tf.tidy(() => {
      const { weights, inputs, answers } = this.upload(params, all);
      const passage = network.forward(weights, inputs);
      const delta = tf.mul(network.outputDelta(passage.outputs, answers), 1 / size);
      return { inputs: passage.inputs, deltas: network.deltas(weights, passage, delta) } as never;
    }) as Joint;
    try {
      for (const [k, { into }] of requests.entries()) {
        const gradients = tf.tidy(() => [...network.gradients(...examplesOf(pass, k * size, size))]);
        await device.read(gradients, into as Float32Array);
        tf.dispose(gradients);
      }
    } finally {
      tf.dispose(pass as never);
    }
  }

  async *exampleGradients(params: ReadonlyVector, batch: Uint32Array): AsyncGenerator<ReadonlyVector> {
    for (const index of batch) yield await this.gradient(params, Uint32Array.of(index));
  }

  async clippedGradientSum(params: ReadonlyVector, batch: Uint32Array, radius: number): Promise<Vector> {
    const { network } = this.shared;
    return this.clippedSum(batch, radius, (examples) => {
      const { passage, deltas } = this.backward(params, examples);
      return gradientTerms(network, passage, deltas);
    });
  }

  async clippedDifferenceSum(
    params: ReadonlyVector,
    previous: ReadonlyVector,
    batch: Uint32Array,
    radius: number,
  ): Promise<Vector> {
    const { network } = this.shared;
    return this.clippedSum(batch, radius, (examples) =>
      differenceTerms(network, this.backward(params, examples), this.backward(previous, examples)),
    );
  }

  /** What the gradient of each example's own loss is made of. */
  private backward(params: ReadonlyVector, batch: Uint32Array): { passage: Passage; deltas: readonly tf.Tensor[] } {
    const { network } = this.shared;
    const { weights, inputs, answers } = this.upload(params, batch);
    const passage = network.forward(weights, inputs);
    return { passage, deltas: network.deltas(weights, passage, network.outputDelta(passage.outputs, answers)) };
  }

  /** Norms are float32: the bound on a clipped gradient holds to about one part in a million. */
  private async clippedSum(
    batch: Uint32Array,
    radius: number,
    termsOf: (examples: Uint32Array) => readonly LayerTerm[],
  ): Promise<Vector> {
    const result = this.vector();
    if (batch.length === 0) return result;
    const { device } = this.shared;
    // Terms hold tensors, which tidy and dispose find in them.
    const terms = tf.tidy(() => termsOf(batch) as never) as readonly LayerTerm[];
    const squared = tf.tidy(() => tf.addN(terms.map((term) => term.squaredNorms())));
    const squares = new Float32Array(batch.length);
    await device.read([squared], squares);
    squared.dispose();
    const finite = batch.filter((_, i) => Number.isFinite(squares[i]!));
    if (finite.length < batch.length) {
      // Left out rather than weighted by zero: 0 times NaN is NaN.
      tf.dispose(terms as never);
      return this.clippedSum(finite, radius, termsOf);
    }
    const weights = squares.map((square) => clippingWeight(Math.max(square, 0), radius));
    const sums = tf.tidy(() => {
      const column = device.upload<tf.Rank.R2>(weights, [batch.length, 1]);
      return terms.flatMap((term) => term.weightedSum(column));
    });
    await device.read(sums, result);
    tf.dispose([terms as never, sums]);
    return result;
  }

  private vector(): Float32Array {
    return new Float32Array(this.shared.network.parameterCount);
  }
}

/**
 * Here each number of a product is summed by itself and in the order of the inputs, however many rows there are, so that the gradients of several clients
 * have the same bits in one pass as alone. A library may sum otherwise when there are more rows.
 */
const SUMS_ROWS_ALIKE: readonly string[] = ['wasm', 'simd', 'simd-relaxed'];

/** What the gradients of a pass are made of, layer by layer. */
interface Joint extends Pick<Passage, 'inputs'> {
  readonly deltas: readonly tf.Tensor[];
}

/** Of `count` examples from `first` on. */
function examplesOf({ inputs, deltas }: Joint, first: number, count: number) {
  const some = (tensors: readonly tf.Tensor[]) => tensors.map((tensor) => tf.slice(tensor, first, count));
  return [{ inputs: some(inputs) }, some(deltas)] as const;
}

function createFamily(
  who: string,
  dataset: Dataset,
  device: Device,
  inputShape: readonly number[],
  layers: readonly LayerShape[],
  activation: string,
): ObjectiveFamily {
  const shape = {
    features: featureCountOf(dataset),
    vocabulary: 0,
    outputs: dataset.classCount || 1,
    output: dataset.classCount > 0 ? 'softmax' : 'squared',
  } as const;
  checkExamples(who, shape, dataset.train);
  checkExamples(who, shape, dataset.test);
  const network = new TensorNetwork(inputShape, layers, activation as TensorActivation, dataset.classCount > 0);
  const joined = SUMS_ROWS_ALIKE.includes(device.name)
    ? new JoinedGradients((requests) => whole.gradients(requests))
    : null;
  const shared: Shared = { device, network, examples: dataset.train, classCount: dataset.classCount, joined };
  const whole = new TensorObjective(
    shared,
    Uint32Array.from({ length: dataset.train.count }, (_, row) => row),
  );
  return {
    segments: network.segments,
    parameterCount: network.parameterCount,
    device: { name: device.name, why: device.why, deterministic: device.deterministic },
    initialParams: (rng) => network.initialParams(rng),
    shard: (examples) => new TensorObjective(shared, examples),
    evaluate: (estimates) =>
      evaluateNetwork(device, network, dataset.test.count > 0 ? dataset.test : dataset.train, estimates),
    evaluateTraining: (estimates) => evaluateNetwork(device, network, dataset.train, estimates),
    evaluateExamples: (estimates, rows) =>
      evaluateNetwork(device, network, subsetOf(dataset, dataset.train, rows), estimates),
    tensorCount: () => device.tensorCount(),
  };
}

/** The device for a float32 objective. Throws ERR_OBJECTIVE for another precision. */
export async function openDeviceFor(request: ObjectiveRequest): Promise<Device> {
  if (request.precision !== 'float32')
    throw new GradswarmError(
      'ERR_OBJECTIVE',
      `objective '${request.objective.name}': expected precision 'float32' (TensorFlow.js has no other), got '${request.precision}'; use 'small-network' for float64`,
    );
  return processDevice(request.device);
}

export async function createMultilayerPerceptron(
  { hidden, activation }: MultilayerPerceptronSettings,
  request: ObjectiveRequest,
): Promise<ObjectiveFamily> {
  const dataset = requireDataset(request, 'any');
  const device = await openDeviceFor(request);
  const widths = [...hidden, dataset.classCount || 1];
  const layers = widths.map((width): LayerShape => ({ kind: 'dense', width }));
  return createFamily(request.objective.name, dataset, device, [featureCountOf(dataset)], layers, activation);
}

export async function createConvolutionalNetwork(
  settings: ConvolutionalSettings,
  request: ObjectiveRequest,
): Promise<ObjectiveFamily> {
  const dataset = requireDataset(request, 'classification');
  const [height = 0, width = 0, channels = 1] = dataset.featureShape;
  const smallest = 2 ** Math.max(3, settings.filters.length);
  if (dataset.featureShape.length < 2 || height !== width || height < smallest)
    throw new GradswarmError(
      'ERR_OBJECTIVE',
      `objective 'lenet': expected square images of side ${smallest} or more, '${dataset.name}' has examples of shape [${dataset.featureShape}]`,
    );
  const device = await openDeviceFor(request);
  const layers: LayerShape[] = [
    ...settings.filters.map((filters) => ({ kind: 'convolution', filters, kernelSize: settings.kernelSize }) as const),
    ...[...settings.dense, dataset.classCount].map((dense) => ({ kind: 'dense', width: dense }) as const),
  ];
  return createFamily(request.objective.name, dataset, device, [height, width, channels], layers, settings.activation);
}
