import type { GaussianFactor } from '../../../protocol/bayesian/conjugate.js';
import { GradswarmError } from '../../../protocol/errors.js';
import type { Precision, ReadonlyVector, Vector } from '../../../protocol/method.js';
import { matrixVector } from '../../../protocol/numerics/linear-algebra.js';
import { zeros } from '../../../protocol/numerics/vector.js';
import { count, integer, list, oneOf, positive } from '../../../protocol/settings/kinds.js';
import { required } from '../../../protocol/settings/setting.js';
import { defineSettings, type SettingsOf } from '../../../protocol/settings/settings.js';
import type { Examples } from '../../datasets/dataset.js';
import { rowOf } from '../../datasets/stored-rows.js';
import { subsetOf } from '../../datasets/subset.js';
import type { ObjectiveFamily } from '../family.js';
import { defineObjective, requireDataset } from '../request.js';
import { featureCountOf, requireClasses } from './feature-rows.js';
import {
  type IsotropicPrior,
  inPrecision,
  isotropicPrior,
  LikelihoodShard,
  type LogPosteriorContext,
} from './likelihood-shard.js';
import { MultilayerPerceptron } from './multilayer-perceptron.js';
import { averagedProbabilities, classificationEvaluation } from './predictive.js';

/** Largest parameter count for which a full surrogate (parameters squared) is formed. */
const FULL_SURROGATE_LIMIT = 500;

/**
 * A small dense classifier with prior N(0, priorVariance I) on all weights and biases. Without hidden layers it is
 * softmax regression. Surrogates: Gauss-Newton curvature at a local mode that every shard reaches from the same start.
 */
export const settings = defineSettings({
  priorVariance: positive(1, 'Prior N(0, priorVariance I)'),
  hiddenWidths: list(count(required, 'Units'), [18, 18, 8], 'Units of each hidden layer'),
  activation: oneOf(['relu', 'tanh'], 'relu', 'Of hidden units'),
  surrogateSteps: integer(300, 'Full-batch Adam steps of size 0.01 to the mode at which a surrogate is taken', {
    least: 0,
  }),
});
export type BayesianNetworkSettings = SettingsOf<typeof settings>;

class NetworkShard extends LikelihoodShard {
  constructor(
    private readonly network: MultilayerPerceptron,
    private readonly data: Examples,
    private readonly examples: Uint32Array,
    private readonly start: Float64Array,
    private readonly surrogateSteps: number,
    prior: IsotropicPrior,
    precision: Precision,
  ) {
    super(examples.length, network.segments, network.parameterCount, prior, precision);
  }

  protected override exampleLoss(params: ReadonlyVector, example: number): number {
    const index = this.examples[example]!;
    return this.network.negativeLogLikelihood(params, this.row(index), this.data.labels[index]!);
  }

  protected override addExampleGradient(
    params: ReadonlyVector,
    example: number,
    factor: number,
    into: Float64Array,
  ): void {
    const index = this.examples[example]!;
    this.network.forward(params, this.row(index));
    this.network.addGradient(params, this.data.labels[index]!, factor, into);
  }

  private row(index: number): Float32Array {
    return rowOf(this.data, index, this.network.inputCount);
  }

  private addShardGradient(params: Float64Array, sums: Float64Array): void {
    for (let example = 0; example < this.exampleCount; example++) this.addExampleGradient(params, example, 1, sums);
  }

  /** Near a mode of prior^(1/S) x likelihood, by Adam on its mean over the shard. */
  private mode(): Float64Array {
    const params = Float64Array.from(this.start);
    const gradient = new Float64Array(params.length);
    const first = new Float64Array(params.length);
    const second = new Float64Array(params.length);
    let firstDecay = 1;
    let secondDecay = 1;
    for (let step = 0; step < this.surrogateSteps && this.exampleCount > 0; step++) {
      gradient.fill(0);
      this.addShardGradient(params, gradient);
      firstDecay *= 0.9;
      secondDecay *= 0.999;
      for (let i = 0; i < params.length; i++) {
        const slope = (gradient[i]! + this.prior.share * params[i]!) / this.exampleCount;
        first[i] = 0.9 * first[i]! + 0.1 * slope;
        second[i] = 0.999 * second[i]! + 0.001 * slope * slope;
        const size = Math.sqrt(second[i]! / (1 - secondDecay)) + 1e-8;
        params[i] = params[i]! - (0.01 * first[i]!) / ((1 - firstDecay) * size);
      }
    }
    return params;
  }

  private centre(point?: ReadonlyVector): Float64Array {
    return point ? Float64Array.from(point) : this.mode();
  }

  /**
   * Calls `add` with every class's gradient of -ln p and that class's probability: their weighted squares are
   * Gauss-Newton.
   */
  private forEachClassGradient(params: Float64Array, add: (gradient: Float64Array, weight: number) => void): void {
    const gradient = new Float64Array(params.length);
    for (const index of this.examples) {
      this.network.forward(params, this.row(index));
      for (let k = 0; k < this.network.probabilities.length; k++) {
        gradient.fill(0);
        this.network.addGradient(params, k, 1, gradient);
        add(gradient, this.network.probabilities[k]!);
      }
    }
  }

  protected override factor(point?: ReadonlyVector): GaussianFactor {
    const d = this.parameterCount;
    if (d > FULL_SURROGATE_LIMIT)
      throw new GradswarmError(
        'ERR_OBJECTIVE',
        `bayesian-network: a full surrogate of ${d} parameters has ${d * d} entries (limit ${FULL_SURROGATE_LIMIT} parameters); use the diagonal form`,
      );
    const mode = this.centre(point);
    const precision = new Float64Array(d * d);
    this.forEachClassGradient(mode, (gradient, weight) => {
      for (let i = 0; i < d; i++) {
        const left = weight * gradient[i]!;
        if (left === 0) continue;
        for (let j = 0; j < d; j++) precision[i * d + j] = precision[i * d + j]! + left * gradient[j]!;
      }
    });
    const eta = matrixVector(precision, mode);
    return { eta: this.lessSlope(mode, eta), precision };
  }

  /** The expansion's linear term: curvature times mode, less the likelihood's slope there. */
  private lessSlope(mode: Float64Array, bend: Float64Array): Float64Array {
    const gradient = new Float64Array(mode.length);
    this.addShardGradient(mode, gradient);
    return bend.map((value, i) => value - gradient[i]!);
  }

  /**
   * 'diagonal' keeps the diagonal of the curvature (not marginal variances, which would need an inverse of order d).
   */
  override surrogate(
    form: 'full' | 'diagonal',
    point?: ReadonlyVector,
  ): { readonly eta: Vector; readonly precision: Vector } {
    if (form === 'full') return super.surrogate('full', point);
    const mode = this.centre(point);
    const curvature = new Float64Array(mode.length);
    this.forEachClassGradient(mode, (gradient, weight) => {
      for (let i = 0; i < gradient.length; i++) curvature[i] = curvature[i]! + weight * gradient[i]! * gradient[i]!;
    });
    const bend = curvature.map((value, i) => value * mode[i]!);
    return {
      eta: inPrecision(this.lessSlope(mode, bend), this.precision),
      precision: inPrecision(curvature, this.precision),
    };
  }
}

export function bayesianNetwork(context: LogPosteriorContext<BayesianNetworkSettings>): ObjectiveFamily {
  const { dataset, settings, precision, clientCount, rng } = context;
  requireClasses(dataset, (count) => count >= 2, 'bayesian-network', 'two classes or more');
  const prior = isotropicPrior(settings.priorVariance, clientCount, 'bayesian-network');
  const { classCount, train, test } = dataset;
  const evaluateOn = (estimates: readonly ReadonlyVector[], examples: Examples) => {
    const probabilities = averagedProbabilities(estimates, examples.count, classCount, (params, example, into) => {
      network.forward(params, rowOf(examples, example, network.inputCount));
      into.set(network.probabilities);
    });
    return classificationEvaluation(probabilities, examples.labels, classCount);
  };
  const widths = [featureCountOf(dataset), ...settings.hiddenWidths, classCount];
  const network = new MultilayerPerceptron(widths, settings.activation);
  const { segments, parameterCount } = network;
  const start = new Float64Array(parameterCount);
  network.fillInitial(start, rng.derive('surrogate-start'));
  return {
    segments,
    parameterCount,
    initialParams: (stream) => network.fillInitial(zeros(parameterCount, precision), stream),
    shard: (examples) => new NetworkShard(network, train, examples, start, settings.surrogateSteps, prior, precision),
    evaluate: (estimates) => evaluateOn(estimates, test),
    evaluateExamples: (estimates, rows) => evaluateOn(estimates, subsetOf(dataset, train, rows)),
    tensorCount: () => 0,
  };
}

export default defineObjective({
  name: 'bayesian-network',
  isPosterior: true,
  measures: ['calibrationError'],
  summary: 'Posterior of a multilayer perceptron',
  settings,
  create: (settings, request) => bayesianNetwork({ ...request, settings, dataset: requireDataset(request, 'any') }),
});
