import type { Objective, ReadonlyVector, Rng, Vector } from '../../../../protocol/method.js';
import { subtract, zeros } from '../../../../protocol/numerics/vector.js';
import { addClipped } from '../../../../protocol/privacy/mechanisms/clipping.js';
import type { Dataset, Examples } from '../../../datasets/dataset.js';
import { rowOf } from '../../../datasets/stored-rows.js';
import { subsetOf } from '../../../datasets/subset.js';
import { addToHash, emptyHash } from '../../../device/word-hash.js';
import type { ObjectiveFamily } from '../../family.js';
import { evaluationOf } from '../../network-evaluation.js';
import { type ExampleLoss, perExample } from '../../per-example.js';
import { softmaxInto } from '../../plain/dense-loops.js';
import type { InitialSegment } from '../parts/adapters.js';
import { initializeAll, lengthOf } from '../parts/initial-values.js';
import { sizeOf } from '../parts/layer.js';
import { masksOf } from '../parts/masks.js';
import { forwardPass, type MaskOf, type Network } from '../parts/network-pass.js';
import type { Value } from '../parts/operations.js';
import { PlainTape } from './plain-tape.js';

/** Loss of one example, and the key of its dropout. */
interface PlainLoss extends ExampleLoss {
  /** `key`: the parameters that the masks are keyed by. */
  addGradient(params: ReadonlyVector, example: number, into: Vector, key?: ReadonlyVector): void;
}

/** Layers in plain loops in float64, one example at a time, with fixed bits. `rng`: of dropout. */
export function plainLayers(network: Network, dataset: Dataset, rng: Rng): ObjectiveFamily {
  const { segments, base } = network.plan;
  const parameterCount = lengthOf(segments);
  const values = new Float64Array(lengthOf(base));
  const model = new PlainModel(network, dataset, values);
  const loss = model.lossOf(dataset.train, rng);
  const evaluate = (examples: Examples, estimates: readonly ReadonlyVector[]) =>
    evaluationOf(
      {
        outputWidth: model.width,
        classifies: model.classifies,
        outputsOf: (params) => model.outputs(params, examples),
      },
      examples,
      estimates,
    );
  return {
    segments,
    parameterCount,
    ...(base.length > 0 && { base: { segments: base, values } }),
    initialParams(stream) {
      initializeAll(values, base, stream);
      const params = new Float64Array(parameterCount);
      initializeAll(params, segments, stream);
      return params;
    },
    shard: (examples) => underOneDropout(perExample(loss, examples, segments, 'float64'), loss, examples),
    evaluate: (estimates) => evaluate(dataset.test.count > 0 ? dataset.test : dataset.train, estimates),
    evaluateTraining: (estimates) => evaluate(dataset.train, estimates),
    evaluateExamples: (estimates, rows) => evaluate(subsetOf(dataset, dataset.train, rows), estimates),
    tensorCount: () => 0,
  };
}

/** Both gradients of an example's difference are under the same dropout. */
function underOneDropout(objective: Objective, loss: PlainLoss, examples: Uint32Array): Objective {
  const length = lengthOf(objective.segments!);
  const gradientOf = (params: ReadonlyVector, position: number, key: ReadonlyVector) => {
    const gradient = zeros(length, 'float64');
    loss.addGradient(params, examples[position]!, gradient, key);
    return gradient;
  };
  return {
    ...objective,
    clippedDifferenceSum(params, previous, batch, radius) {
      const sum = new Float64Array(length);
      for (const position of batch)
        addClipped(sum, subtract(gradientOf(params, position, params), gradientOf(previous, position, params)), radius);
      return sum;
    },
  };
}

class PlainModel {
  readonly classifies: boolean;
  readonly width: number;

  constructor(
    private readonly network: Network,
    private readonly dataset: Dataset,
    private readonly base: Float64Array,
  ) {
    this.classifies = dataset.classCount > 0;
    this.width = dataset.classCount || 1;
  }

  /** Before softmax, without dropout. */
  outputs(params: ReadonlyVector, examples: Examples): Float64Array {
    const result = new Float64Array(examples.count * this.width);
    for (let row = 0; row < examples.count; row++)
      result.set(this.pass(params, examples, row, null).outputs, row * this.width);
    return result;
  }

  lossOf(examples: Examples, rng: Rng): PlainLoss {
    const maskOf = (key: ReadonlyVector, row: number) =>
      masksOf(rng, () => addToHash(emptyHash(), key), 'float64', Uint32Array.of(row));
    return {
      loss: (params, row) =>
        this.lossAndSlope(this.pass(params, examples, row, maskOf(params, row)).outputs, examples, row).loss,
      addGradient: (params, row, into, key = params) => {
        const { tape, trained, output, outputs } = this.pass(params, examples, row, maskOf(key, row));
        const { slope } = this.lossAndSlope(outputs, examples, row);
        for (const [i, gradient] of tape.gradients(output, slope, trained).entries()) {
          const { offset } = this.network.plan.segments[i]!;
          for (let j = 0; j < gradient.length; j++) into[offset + j]! += gradient[j]!;
        }
      },
    };
  }

  /** Of one example: softmax cross-entropy, or (output - target)^2 / 2. */
  private lossAndSlope(outputs: Float64Array, { labels, targets }: Examples, row: number) {
    if (!this.classifies) {
      const slope = outputs.map((output) => output - targets[row]!);
      return { loss: 0.5 * slope[0]! ** 2, slope };
    }
    const slope = new Float64Array(outputs.length);
    const loss = softmaxInto(slope, outputs) - outputs[labels[row]!]!;
    slope[labels[row]!]! -= 1;
    return { loss, slope };
  }

  private pass(params: ReadonlyVector, examples: Examples, row: number, maskOf: MaskOf | null) {
    const { featureShape } = this.dataset;
    const tape = new PlainTape();
    const leaves = (values: ReadonlyVector, segments: readonly InitialSegment[]): readonly Value[] =>
      segments.map(({ offset, shape }) =>
        tape.leaf((values as Vector).subarray(offset, offset + sizeOf(shape)), shape),
      );
    const trained = leaves(params, this.network.plan.segments);
    const inputs = tape.leaf(rowOf(examples, row, sizeOf(featureShape)), [1, ...featureShape]);
    const output = forwardPass(this.network, tape, trained, leaves(this.base, this.network.plan.base), inputs, maskOf);
    return { tape, trained, output, outputs: tape.valuesOf(output) };
  }
}
