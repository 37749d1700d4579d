import type { ReadonlyVector, Rng, Segment, Vector } from '../../../protocol/method.js';
import { sigmoid, softplus } from '../../../protocol/numerics/elementary.js';
import { allFinite } from '../../../protocol/numerics/vector.js';
import type { Examples } from '../../datasets/dataset.js';
import { rowOf } from '../../datasets/stored-rows.js';
import { type DenseLoops, type ExampleBlock, PLAIN_LOOPS } from './dense-loops.js';
import type { DenseNetworkShape } from './dense-shape.js';
import type { ExampleTrace } from './example-trace.js';
import { InputDensity } from './input-density.js';
import { openSimdLoops } from './simd/dense-loops.js';

interface Layer {
  readonly inputs: number;
  readonly outputs: number;
  readonly weightOffset: number;
  /** -1: no bias. */
  readonly biasOffset: number;
}

/** Fully connected layers with closed-form gradients, one example at a time, in float64 inside. No hidden layer: a linear model. */
export class DenseNetwork {
  readonly segments: readonly Segment[];
  readonly parameterCount: number;
  private readonly layers: readonly Layer[];
  private readonly loops: DenseLoops;
  /** Working memory of one call at a time. Two traces, for the two points that a difference of gradients is taken at. */
  readonly traces: readonly [ExampleTrace, ExampleTrace];
  readonly sums: Float64Array;
  readonly difference: Float64Array;
  private readonly density: InputDensity;

  /** `features`: of the training examples, where they are in memory. */
  constructor(
    readonly shape: DenseNetworkShape,
    features: Float32Array | null,
  ) {
    const sizes = [shape.features * (shape.vocabulary || 1), ...shape.hidden, shape.outputs];
    const layers: Layer[] = [];
    const segments: Segment[] = [];
    let offset = 0;
    for (let l = 0; l + 1 < sizes.length; l++) {
      const inputs = sizes[l]!;
      const outputs = sizes[l + 1]!;
      const module = sizes.length === 2 ? 'linear' : `dense${l + 1}`;
      const weightOffset = offset;
      segments.push({ name: `${module}/weights`, module, offset, shape: [inputs, outputs] });
      offset += inputs * outputs;
      if (shape.bias) {
        segments.push({ name: `${module}/bias`, module, offset, shape: [outputs] });
        offset += outputs;
      }
      layers.push({ inputs, outputs, weightOffset, biasOffset: shape.bias ? offset - outputs : -1 });
    }
    this.layers = layers;
    this.segments = segments;
    this.parameterCount = offset;
    const sizesOfLoops = {
      features: shape.features,
      parameterCount: offset,
      widest: Math.max(...sizes.slice(1)),
      linearOutputs: layers.length === 1 && shape.vocabulary === 0 ? shape.outputs : null,
      arrayBytes: this.arrayBytes(),
    };
    this.density = new InputDensity(shape.features);
    this.loops = openSimdLoops(sizesOfLoops, features) ?? PLAIN_LOOPS;
    this.traces = [this.trace(), this.trace()];
    this.sums = this.loops.float64(offset);
    this.difference = this.loops.float64(offset);
  }

  private get isLinearSoftmax(): boolean {
    return this.layers.length === 1 && this.shape.vocabulary === 0 && this.shape.output === 'softmax';
  }

  private listed(l: number): number {
    return l === 0 ? this.shape.features : this.layers[l]!.inputs;
  }

  /** At least what traces and sums take in all, each array rounded up to 16 bytes. */
  private arrayBytes(): number {
    const ofTrace = this.layers.reduce((sum, { outputs }, l) => sum + 12 * this.listed(l) + 24 * outputs + 80, 0);
    return 2 * ofTrace + 2 * (8 * this.parameterCount + 16);
  }

  private trace(): ExampleTrace {
    const perOutput = () => this.layers.map(({ outputs }) => this.loops.float64(outputs));
    return {
      bases: this.layers.map(({ weightOffset, outputs }, l) => {
        const bases = this.loops.int32(this.listed(l));
        for (let j = 0; j < bases.length; j++) bases[j] = weightOffset + j * outputs;
        return bases;
      }),
      values: this.layers.map((_, l) => this.loops.float64(this.listed(l))),
      counts: this.layers.map((_, l) => this.listed(l)),
      preactivations: perOutput(),
      slopes: perOutput(),
      deltas: perOutput(),
    };
  }

  /** The parameters as `forward`, `loss` and `backward` take them; valid until the same place is used again. */
  resident(params: ReadonlyVector, place: 0 | 1 = 0): Vector {
    return this.loops.resident(params, place);
  }

  /** into = share * sums + l2 * params, rounded to the precision of `into`; params resident. */
  mean(into: Vector, params: ReadonlyVector, share: number, l2: number): void {
    this.loops.mean(into, this.sums, params, share, l2);
  }

  /**
   * params -= rate * (the mean of the batch's gradients + l2 * params) for each batch, the bracket rounded to the precision of params,
   * which are resident.
   */
  descend(
    params: Vector,
    examples: Examples,
    rows: Uint32Array,
    batches: readonly Uint32Array[],
    l2: number,
    rate: number,
  ): void {
    const { sums } = this;
    sums.fill(0);
    let zero = true;
    for (const batch of batches) {
      const share = batch.length === 0 ? 0 : 1 / batch.length;
      const added = l2 === 0 ? this.stepByBlocks(params, examples, rows, batch, share, rate) : 0;
      if (added === 'stepped') {
        zero = false;
        continue;
      }
      if (added === 0 && !zero) sums.fill(0);
      this.addGradients(params, examples, rows, added === 0 ? batch : batch.subarray(added));
      this.loops.step(params, sums, share, l2, rate);
      zero = true;
    }
  }

  /**
   * The batch's step, its sums going from block to block; what they held before does not count. Where blocks do not do: how many
   * examples of the batch the sums have, from the first on; 0: the sums are untouched.
   */
  private stepByBlocks(
    params: Vector,
    examples: Examples,
    rows: Uint32Array,
    batch: Uint32Array,
    share: number,
    rate: number,
  ): number | 'stepped' {
    if (!this.isLinearSoftmax || batch.length === 0 || !this.blocksPay(examples, rows)) return 0;
    const { block } = this.loops;
    if (!block?.softmax) return 0;
    const { sums } = this;
    const { biasOffset } = this.layers[0]!;
    const address = this.addressOf(examples);
    for (let i = 0; i < batch.length; i += block.size) {
      const count = Math.min(block.size, batch.length - i);
      for (let r = 0; r < block.size; r++) {
        const row = r < count ? rows[batch[i + r]!]! : null;
        this.readRow(block, r, examples, row, address);
        if (row !== null) block.softmax.labels[r] = examples.labels[row]!;
      }
      const done =
        i + count === batch.length
          ? block.softmax.step(sums, params, count, biasOffset, i === 0, share, rate)
          : block.softmax.addGradients(sums, params, count, biasOffset, i === 0);
      if (!done) return i;
    }
    return 'stepped';
  }

  /** Weights and biases uniform in +-1/sqrt(inputs of the layer); a linear model starts at zero. */
  initialise(params: Vector, rng: Rng): void {
    if (this.layers.length === 1) return;
    for (const { inputs, outputs, weightOffset } of this.layers) {
      const reach = 1 / Math.sqrt(inputs);
      const end = weightOffset + (inputs + (this.shape.bias ? 1 : 0)) * outputs;
      for (let i = weightOffset; i < end; i++) params[i] = reach * (2 * rng.uniform() - 1);
    }
  }

  /** Lists the example's non-zero inputs. NaN and infinities stay in the list, so that they reach the loss. */
  private readInputs(examples: Examples, row: number, trace: ExampleTrace): void {
    const { features, vocabulary } = this.shape;
    const { outputs } = this.layers[0]!;
    const bases = trace.bases[0]!;
    const values = trace.values[0]!;
    const source = rowOf(examples, row, features);
    if (vocabulary > 0) {
      for (let j = 0; j < features; j++) {
        bases[j] = (j * vocabulary + source[j]!) * outputs;
        values[j] = 1;
      }
      trace.counts[0] = features;
    } else trace.counts[0] = this.loops.listInputs(source, outputs, bases, values);
  }

  /** Outputs of the last layer for one example, before softmax or sigmoid: left in the trace and returned. */
  forward(params: ReadonlyVector, examples: Examples, row: number, trace: ExampleTrace): Float64Array {
    this.readInputs(examples, row, trace);
    const last = this.layers.length - 1;
    for (let l = 0; ; l++) {
      const z = trace.preactivations[l]!;
      this.loops.affineInto(z, params, trace.bases[l]!, trace.values[l]!, trace.counts[l]!, this.layers[l]!.biasOffset);
      if (l === last) return z;
      this.loops.activate(this.shape.activation, z, trace.values[l + 1]!, trace.slopes[l]!);
    }
  }

  /** Loss of the outputs for one example; `delta` becomes its derivative with respect to them. */
  private outputLoss(outputs: Float64Array, examples: Examples, row: number, delta: Float64Array): number {
    if (this.shape.output === 'squared') {
      const residual = outputs[0]! - examples.targets[row]!;
      delta[0] = residual;
      return 0.5 * residual * residual;
    }
    const label = examples.labels[row]!;
    if (this.shape.output === 'logistic') {
      const sign = label === 1 ? 1 : -1;
      const margin = sign * outputs[0]!;
      delta[0] = -sign * sigmoid(-margin);
      return softplus(-margin);
    }
    const total = this.loops.softmaxInto(delta, outputs);
    const chosen = outputs[label]!;
    delta[label]! -= 1;
    return total - chosen;
  }

  /** Loss of one example alone. */
  loss(params: ReadonlyVector, examples: Examples, row: number, trace: ExampleTrace): number {
    const outputs = this.forward(params, examples, row, trace);
    return this.outputLoss(outputs, examples, row, trace.deltas[this.layers.length - 1]!);
  }

  /** Fills the trace with everything the example's gradient is made of; returns its loss. */
  backward(params: ReadonlyVector, examples: Examples, row: number, trace: ExampleTrace): number {
    const loss = this.loss(params, examples, row, trace);
    for (let l = this.layers.length - 1; l > 0; l--) {
      const into = trace.deltas[l - 1]!;
      this.loops.backpropagateInto(into, params, this.layers[l]!.weightOffset, trace.deltas[l]!);
      const slopes = trace.slopes[l - 1]!;
      for (let j = 0; j < into.length; j++) into[j]! *= slopes[j]!;
    }
    return loss;
  }

  /** sums += weight * the gradient of the traced example; sums: `sums` or `difference` of this network. */
  addGradient(sums: Float64Array, trace: ExampleTrace, weight: number): void {
    for (let l = 0; l < this.layers.length; l++)
      this.loops.addOuter(
        sums,
        trace.bases[l]!,
        trace.values[l]!,
        trace.counts[l]!,
        trace.deltas[l]!,
        this.layers[l]!.biasOffset,
        weight,
      );
  }

  /** sums += the gradients of these examples. */
  addGradients(params: ReadonlyVector, examples: Examples, rows: Uint32Array, batch: Uint32Array): void {
    const { sums, loops } = this;
    const [trace] = this.traces;
    const inOneCall = this.isLinearSoftmax && loops.addSoftmaxGradient !== undefined;
    for (let i = this.addByBlocks(params, examples, rows, batch); i < batch.length; i++) {
      const row = rows[batch[i]!]!;
      if (inOneCall) {
        const input = rowOf(examples, row, this.shape.features);
        loops.addSoftmaxGradient!(sums, params, input, examples.labels[row]!, this.layers[0]!.biasOffset, trace);
      } else {
        this.backward(params, examples, row, trace);
        this.addGradient(sums, trace, 1);
      }
    }
  }

  /** Returns how many examples of the batch it has added, from the first on. */
  private addByBlocks(params: ReadonlyVector, examples: Examples, rows: Uint32Array, batch: Uint32Array): number {
    // Parameters that are not finite need no test: where they give a block other outputs, those are NaN, and so are the deltas.
    const block = this.blocksPay(examples, rows) ? this.loops.block : null;
    if (!block || batch.length === 0) return 0;
    const { biasOffset } = this.layers[0]!;
    const address = this.addressOf(examples);
    for (let i = 0; i < batch.length; i += block.size) {
      const count = Math.min(block.size, batch.length - i);
      for (let r = 0; r < block.size; r++)
        this.readRow(block, r, examples, r < count ? rows[batch[i + r]!]! : null, address);
      if (block.softmax && this.isLinearSoftmax) {
        for (let r = 0; r < count; r++) block.softmax.labels[r] = examples.labels[rows[batch[i + r]!]!]!;
        if (!block.softmax.addGradients(this.sums, params, count, biasOffset, false)) return i;
        continue;
      }
      block.forward(params, biasOffset);
      if (!this.blockDeltas(block, examples, rows, batch, i, count)) return i;
      block.addGradients(this.sums, biasOffset);
    }
    return batch.length;
  }

  /** Deltas of a block that holds `count` examples of the batch from `first` on. False: not all are finite, a block would give other bits. */
  private blockDeltas(
    block: ExampleBlock,
    examples: Examples,
    rows: Uint32Array,
    batch: Uint32Array,
    first: number,
    count: number,
  ): boolean {
    for (let r = 0; r < block.size; r++) {
      const delta = block.deltas[r]!;
      if (r >= count) delta.fill(0);
      else {
        this.outputLoss(block.outputs[r]!, examples, rows[batch[first + r]!]!, delta);
        if (!allFinite(delta)) return false;
      }
    }
    return true;
  }

  /** Whether `predict` may take blocks at these parameters, which are resident. */
  predictsInBlocks(params: ReadonlyVector, examples: Examples): boolean {
    return this.loops.block !== null && this.loops.allFinite(params) && this.blocksPay(examples, null);
  }

  /**
   * losses[i] = the loss of example first + i, and its predictions side by side: probabilities, or the output of a squared loss. One output
   * of a logistic loss is the probability of class 1.
   */
  predict(
    params: ReadonlyVector,
    examples: Examples,
    first: number,
    count: number,
    inBlocks: boolean,
    losses: Float64Array,
    predictions: Float64Array,
  ): void {
    const [trace] = this.traces;
    const block = inBlocks ? this.loops.block : null;
    const size = block?.size ?? 1;
    const address = this.addressOf(examples);
    for (let i = 0; i < count; i += size) {
      const end = Math.min(size, count - i);
      if (block) {
        for (let r = 0; r < size; r++) this.readRow(block, r, examples, r < end ? first + i + r : null, address);
        block.forward(params, this.layers[0]!.biasOffset);
      }
      for (let r = 0; r < end; r++) {
        const outputs = block ? block.outputs[r]! : this.forward(params, examples, first + i + r, trace);
        losses[i + r] = this.prediction(outputs, examples, first + i + r, predictions, i + r);
      }
    }
  }

  /** Puts the prediction that these outputs are in place i; returns its loss. */
  private prediction(z: Float64Array, examples: Examples, row: number, predictions: Float64Array, i: number): number {
    const { output, outputs } = this.shape;
    // The last layer has no activation: its slopes are free.
    const probabilities = this.traces[0].slopes.at(-1)!;
    if (output !== 'softmax') {
      predictions[i] = output === 'logistic' ? sigmoid(z[0]!) : z[0]!;
      return this.outputLoss(z, examples, row, probabilities);
    }
    const total = this.loops.softmaxInto(probabilities, z);
    for (let c = 0; c < outputs; c++) predictions[i * outputs + c] = probabilities[c]!;
    return total - z[examples.labels[row]!]!;
  }

  /** Where these features lie in the loops' memory; -1: not in it. */
  private addressOf(examples: Examples): number {
    return examples.stored ? -1 : this.loops.addressOf(examples.features);
  }

  /** `address`: of the examples. */
  private readRow(block: ExampleBlock, r: number, examples: Examples, row: number | null, address: number): void {
    const { features } = this.shape;
    if (row !== null && address >= 0 && block.refer) block.refer(r, address + 4 * features * row);
    else block.read(r, row === null ? null : rowOf(examples, row, features));
  }

  /** Whether blocks are worth while. `rows`: the examples in question; null: all. */
  private blocksPay(examples: Examples, rows: Uint32Array | null): boolean {
    // With one output there is no list of inputs to gain from.
    return this.shape.outputs === 1 || this.density.isDense(examples, rows);
  }
}
