import type { ReadonlyVector, Rng, Segment } from '../../../../protocol/method.js';
import { CELL_SIDE, IGNORED, SCENE_CLASSES, SCENE_SIDE } from '../../../datasets/synthetic-scenes.js';
import type { Device } from '../../../device/device-access.js';
import { reluGradient } from '../../../device/relu-gradient.js';
import { tf } from '../../../device/tensorflow.js';
import type { DensePredictionSettings } from './dense-prediction-settings.js';
import { CONVOLVING, denseGradients, runKernel } from './neural-network-layers.js';

export const PIXELS = SCENE_SIDE * SCENE_SIDE;
export const CELLS = (SCENE_SIDE / CELL_SIDE) ** 2;

/** Outputs before softmax: [examples * pixels, classes] and [examples * cells, classes]. */
export interface Predictions {
  readonly segmentation: tf.Tensor2D;
  readonly detection: tf.Tensor2D;
}

/** One-hot truth of the same shapes; a pixel whose truth is withheld has a row of zeros. */
export type Truth = Predictions;

interface Passage extends Predictions {
  readonly image: tf.Tensor4D;
  readonly backbone: tf.Tensor2D;
  readonly neck: tf.Tensor2D;
  readonly pooled: tf.Tensor2D;
}

/** Backbone, neck and two heads, with a backward pass of its own. Work on it happens inside a tidy. */
export class DensePredictionNetwork {
  readonly segments: readonly Segment[];
  readonly parameterCount: number;

  constructor(private readonly settings: DensePredictionSettings) {
    const { backboneChannels, neckChannels, kernelSize } = settings;
    const segments: Segment[] = [];
    let offset = 0;
    for (const [module, shape] of [
      ['backbone', [kernelSize, kernelSize, 1, backboneChannels]],
      ['neck', [backboneChannels, neckChannels]],
      ['segmentation', [neckChannels, SCENE_CLASSES]],
      ['detection', [neckChannels, SCENE_CLASSES]],
    ] as const) {
      const outputs = shape[shape.length - 1]!;
      segments.push({ name: `${module}/weights`, module, offset, shape });
      offset += shape.reduce((product, side) => product * side, 1);
      segments.push({ name: `${module}/bias`, module, offset, shape: [outputs] });
      offset += outputs;
    }
    this.segments = segments;
    this.parameterCount = offset;
  }

  /** Weights uniform with variance 2 / inputs (He et al., 2015), biases 0. */
  initialParams(rng: Rng): Float32Array {
    const params = new Float32Array(this.parameterCount);
    for (const { offset, shape } of this.segments) {
      if (shape.length === 1) continue;
      const size = shape.reduce((product, side) => product * side, 1);
      const reach = Math.sqrt((6 * shape[shape.length - 1]!) / size);
      for (let i = offset; i < offset + size; i++) params[i] = reach * (2 * rng.uniform() - 1);
    }
    return params;
  }

  upload(device: Device, params: ReadonlyVector): readonly tf.Tensor[] {
    return this.segments.map(({ offset, shape }) => {
      const size = shape.reduce((product, side) => product * side, 1);
      return device.upload((params as Float32Array).subarray(offset, offset + size), shape);
    });
  }

  forward(device: Device, weights: readonly tf.Tensor[], image: tf.Tensor4D): Passage {
    const [filter, filterBias, neckWeights, neckBias, ...heads] = weights as tf.Tensor2D[];
    const convolved = tf.fused.conv2d({
      x: image,
      filter: filter as unknown as tf.Tensor4D,
      bias: filterBias!,
      activation: 'relu',
      ...CONVOLVING,
    });
    const backbone = tf.reshape(convolved, [-1, this.settings.backboneChannels]) as tf.Tensor2D;
    const neck = tf.fused.matMul({ a: backbone, b: neckWeights!, bias: neckBias!, activation: 'relu' }) as tf.Tensor2D;
    const pooled = this.pool(device, neck, false);
    const [segmentation, detection] = [neck, pooled].map((input, h) =>
      tf.fused.matMul({ a: input, b: heads[2 * h]!, bias: heads[2 * h + 1]!, activation: 'linear' }),
    ) as [tf.Tensor2D, tf.Tensor2D];
    return { image, backbone, neck, pooled, segmentation, detection };
  }

  /** Mean over each cell's pixels, [n * pixels, c] to [n * cells, c]; or its transpose, which spreads a cell's values. */
  private pool(device: Device, rows: tf.Tensor2D, transposed: boolean): tf.Tensor2D {
    const means = new Float32Array(CELLS * PIXELS);
    const cellsASide = SCENE_SIDE / CELL_SIDE;
    for (let p = 0; p < PIXELS; p++) {
      const row = Math.floor(p / SCENE_SIDE / CELL_SIDE);
      const column = Math.floor((p % SCENE_SIDE) / CELL_SIDE);
      means[(row * cellsASide + column) * PIXELS + p] = 1 / (CELL_SIDE * CELL_SIDE);
    }
    const [places, channels] = [transposed ? CELLS : PIXELS, rows.shape[1]];
    const examples = rows.shape[0] / places;
    // One product for the whole batch: [channels of all examples, places] times the pooling matrix.
    const byChannel = tf.transpose(tf.reshape(rows, [examples, places, channels]), [0, 2, 1]);
    const matrix = device.upload<tf.Rank.R2>(means, [CELLS, PIXELS]);
    const product = tf.matMul(tf.reshape(byChannel, [-1, places]) as tf.Tensor2D, matrix, false, !transposed);
    const other = transposed ? PIXELS : CELLS;
    const back = tf.transpose(tf.reshape(product, [examples, channels, other]), [0, 2, 1]);
    return tf.reshape(back, [-1, channels]) as tf.Tensor2D;
  }

  /** Derivatives of the sum of the examples' losses, one tensor a segment. `pixelWeight`: one pixel's share of an example's loss. */
  gradients(device: Device, weights: readonly tf.Tensor[], passage: Passage, truth: Truth, pixelWeight: number) {
    const [, , neckWeights, , segmentationWeights, , detectionWeights] = weights as tf.Tensor2D[];
    const { backbone, neck, pooled, image } = passage;
    const known = tf.sum(truth.segmentation, 1, true);
    const atPixels = tf.mul(
      tf.sub(tf.mul(tf.softmax(passage.segmentation), known), truth.segmentation),
      pixelWeight,
    ) as tf.Tensor2D;
    const atCells = tf.mul(
      tf.sub(tf.softmax(passage.detection), truth.detection),
      this.settings.detectionWeight / CELLS,
    ) as tf.Tensor2D;
    const toNeck = tf.add(
      tf.matMul(atPixels, segmentationWeights!, false, true),
      this.pool(device, tf.matMul(atCells, detectionWeights!, false, true), true),
    );
    const neckDelta = reluGradient(toNeck, neck) as tf.Tensor2D;
    const backboneDelta = reluGradient(tf.matMul(neckDelta, neckWeights!, false, true), backbone);
    const filterShape = this.segments[0]!.shape;
    const dy = tf.reshape(backboneDelta, [image.shape[0], SCENE_SIDE, SCENE_SIDE, -1]);
    return [
      runKernel('Conv2DBackpropFilter', { x: image, dy }, { ...CONVOLVING, filterShape }),
      tf.sum(backboneDelta, 0),
      ...denseGradients(backbone, neckDelta),
      ...denseGradients(neck, atPixels),
      ...denseGradients(pooled, atCells),
    ];
  }

  /** Sum of the examples' losses. */
  lossSum({ segmentation, detection }: Predictions, truth: Truth, pixelWeight: number): tf.Tensor {
    const entropy = (outputs: tf.Tensor2D, answers: tf.Tensor2D) =>
      tf.neg(tf.sum(tf.mul(answers, tf.logSoftmax(outputs))));
    return tf.add(
      tf.mul(entropy(segmentation, truth.segmentation), pixelWeight),
      tf.mul(entropy(detection, truth.detection), this.settings.detectionWeight / CELLS),
    );
  }
}

/** One-hot rows of class indices; a withheld class has a row of zeros. */
export function oneHot(classes: Uint8Array): Float32Array {
  const rows = new Float32Array(classes.length * SCENE_CLASSES);
  for (let i = 0; i < classes.length; i++) if (classes[i] !== IGNORED) rows[i * SCENE_CLASSES + classes[i]!] = 1;
  return rows;
}
