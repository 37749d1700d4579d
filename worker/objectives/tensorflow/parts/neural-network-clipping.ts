import { tf } from '../../../device/tensorflow.js';
import { denseGradients, type Passage, type TensorNetwork } from './neural-network-layers.js';

/** One layer's share of every example's gradient (or difference of gradients), in a form that is cheap to measure and to sum. */
export interface LayerTerm {
  /** Squared norm of each example's share: [batch]. */
  squaredNorms(): tf.Tensor;
  /** Sum over the batch of weight times share; `weights` is [batch, 1]. In the order of the layer's segments. */
  weightedSum(weights: tf.Tensor2D): readonly tf.Tensor[];
}

function squaredRows(x: tf.Tensor): tf.Tensor {
  return tf.sum(tf.square(x), 1);
}

/** A dense layer: the gradient is input outer delta, and no example's gradient is formed. */
class DenseTerm implements LayerTerm {
  constructor(
    private readonly input: tf.Tensor,
    private readonly delta: tf.Tensor,
  ) {}

  squaredNorms(): tf.Tensor {
    return tf.mul(tf.add(squaredRows(this.input), 1), squaredRows(this.delta));
  }

  weightedSum(weights: tf.Tensor2D): readonly tf.Tensor[] {
    return denseGradients(this.input, tf.mul(this.delta, weights));
  }
}

/**
 * The difference of a dense layer's gradients at two points a and b, with h, d for input and delta:
 * h_a d_a - h_b d_b = h_a (d_a - d_b) + (h_a - h_b) d_b, whose products are already as small as the difference.
 */
class DenseDifferenceTerm implements LayerTerm {
  private readonly inputStep: tf.Tensor;
  private readonly deltaStep: tf.Tensor;

  constructor(
    private readonly input: tf.Tensor,
    private readonly previousDelta: tf.Tensor,
    delta: tf.Tensor,
    previousInput: tf.Tensor,
  ) {
    this.inputStep = tf.sub(input, previousInput);
    this.deltaStep = tf.sub(delta, previousDelta);
  }

  squaredNorms(): tf.Tensor {
    const { input, inputStep, deltaStep, previousDelta } = this;
    const own = tf.mul(tf.add(squaredRows(input), 1), squaredRows(deltaStep));
    const cross = tf.mul(tf.sum(tf.mul(input, inputStep), 1), tf.sum(tf.mul(deltaStep, previousDelta), 1));
    return tf.addN([own, cross, cross, tf.mul(squaredRows(inputStep), squaredRows(previousDelta))]);
  }

  weightedSum(weights: tf.Tensor2D): readonly tf.Tensor[] {
    const [weightsSum, biasSum] = denseGradients(this.input, tf.mul(this.deltaStep, weights));
    const moved = tf.matMul(this.inputStep as tf.Tensor2D, tf.mul(this.previousDelta, weights) as tf.Tensor2D, true);
    return [tf.add(weightsSum, moved), biasSum];
  }
}

/** Every example's share written out, one a row: for convolutions, whose filters are small. */
class RowsTerm implements LayerTerm {
  constructor(private readonly rows: tf.Tensor2D) {}

  squaredNorms(): tf.Tensor {
    return squaredRows(this.rows);
  }

  weightedSum(weights: tf.Tensor2D): readonly tf.Tensor[] {
    return [tf.matMul(tf.reshape(weights, [1, -1]) as tf.Tensor2D, this.rows)];
  }
}

/** Terms of g_i at one point. */
export function gradientTerms(
  network: TensorNetwork,
  passage: Passage,
  deltas: readonly tf.Tensor[],
): readonly LayerTerm[] {
  return deltas.map((delta, l) =>
    network.isDense(l)
      ? new DenseTerm(passage.inputs[l]!, delta)
      : new RowsTerm(network.exampleGradients(l, passage.inputs[l]!, delta)),
  );
}

/** Terms of g_i(a) - g_i(b). */
export function differenceTerms(
  network: TensorNetwork,
  a: { readonly passage: Passage; readonly deltas: readonly tf.Tensor[] },
  b: { readonly passage: Passage; readonly deltas: readonly tf.Tensor[] },
): readonly LayerTerm[] {
  return a.deltas.map((delta, l) => {
    const [input, previousInput, previousDelta] = [a.passage.inputs[l]!, b.passage.inputs[l]!, b.deltas[l]!];
    if (network.isDense(l)) return new DenseDifferenceTerm(input, previousDelta, delta, previousInput);
    const rows = network.exampleGradients(l, input, delta);
    return new RowsTerm(tf.sub(rows, network.exampleGradients(l, previousInput, previousDelta)));
  });
}
