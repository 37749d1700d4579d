import type { Rng, Vector } from '../../protocol/method.js';
import { exp } from '../../protocol/numerics/elementary.js';
import { rootStream } from '../../protocol/numerics/random.js';
import type { Examples } from '../../worker/datasets/dataset.js';
import type { PreparedRun } from './timed-run.js';

/**
 * What a run computes, without a run: softmax regression and two methods as loops over typed arrays in one function call a round,
 * with the run's batches in the run's order. No message, no party, nothing allocated that arithmetic does not need. The time of
 * a run over the time of this is what the simulator costs; the final parameters must have the run's bits.
 */
export class BareLoop {
  readonly params: Float32Array;
  private readonly examples: Examples;
  private readonly shards: readonly Uint32Array[];
  private readonly features: number;
  private readonly classes: number;
  private readonly gradientSums: Float64Array;
  private readonly meanSums: Float64Array;
  private readonly streams: Rng;
  private readonly scores: Float64Array;

  constructor(private readonly run: PreparedRun) {
    const { scenario, problem } = run;
    this.params = Float32Array.from(problem.model.initialParams);
    this.examples = problem.dataset.train;
    this.shards = problem.partition.shards;
    this.classes = problem.dataset.classCount;
    this.features = this.params.length / this.classes - 1;
    this.gradientSums = new Float64Array(this.params.length);
    this.meanSums = new Float64Array(this.params.length);
    this.scores = new Float64Array(this.classes);
    this.streams = rootStream(scenario.seed, 'float32');
  }

  /** All rounds of federated averaging with SGD at the server. */
  federatedAveraging(): Float32Array {
    const { scenario } = this.run;
    const { batchSize, clientLearningRate: rate } = scenario.method as unknown as {
      readonly batchSize: number;
      readonly clientLearningRate: number;
    };
    const { params, meanSums } = this;
    const local = new Float32Array(params.length);
    for (let round = 0; round < scenario.rounds; round++) {
      let total = 0;
      meanSums.fill(0);
      for (const client of this.cohort(round)) {
        const { length } = this.shards[client]!;
        const order = this.clientStream(client, round).permutation(length);
        local.set(params);
        for (let at = 0; at < length; at += batchSize) {
          const count = Math.min(batchSize, length - at);
          this.sumGradients(local, this.shards[client]!, order, at, count);
          this.descend(local, rate, count);
        }
        for (let j = 0; j < local.length; j++)
          meanSums[j] = meanSums[j]! + length * Math.fround(local[j]! - params[j]!);
        total += length;
      }
      for (let j = 0; j < params.length; j++) params[j] = params[j]! + Math.fround(meanSums[j]! / total);
    }
    return params;
  }

  /** All rounds of synchronous SGD. */
  synchronousSgd(): Float32Array {
    const { scenario } = this.run;
    const { batchSize, optimizer } = scenario.method as unknown as {
      readonly batchSize: number;
      readonly optimizer: { readonly learningRate: number };
    };
    const { params, meanSums, gradientSums } = this;
    for (let round = 0; round < scenario.rounds; round++) {
      let total = 0;
      meanSums.fill(0);
      for (const client of this.cohort(round)) {
        const batch = this.clientStream(client, round).batch(this.shards[client]!.length, batchSize);
        this.sumGradients(params, this.shards[client]!, batch, 0, batch.length);
        const share = 1 / batch.length;
        for (let j = 0; j < meanSums.length; j++)
          meanSums[j] = meanSums[j]! + batch.length * Math.fround(share * gradientSums[j]!);
        total += batch.length;
      }
      for (let j = 0; j < params.length; j++)
        params[j] = params[j]! - optimizer.learningRate * Math.fround(meanSums[j]! / total);
    }
    return params;
  }

  private descend(params: Vector, rate: number, count: number): void {
    const { gradientSums } = this;
    const share = 1 / count;
    for (let j = 0; j < params.length; j++) params[j] = params[j]! - rate * Math.fround(share * gradientSums[j]!);
  }

  private cohort(round: number): Uint32Array | readonly number[] {
    const { clients, participation } = this.run.scenario;
    if (participation.cohort === 'all') return Array.from({ length: clients }, (_, client) => client);
    return this.streams.derive('shared', round).derive('cohort').batch(clients, participation.cohort).sort();
  }

  private clientStream(client: number, round: number): Rng {
    return this.streams.derive('party', client).derive('round', round);
  }

  /** Leaves the sum of the gradients of `count` examples of the batch, from position `at` on, in `gradientSums`. */
  private sumGradients(params: Float32Array, rows: Uint32Array, batch: Uint32Array, at: number, count: number): void {
    const { gradientSums: sums, scores, classes, features } = this;
    const source = this.examples.features;
    const biasAt = features * classes;
    sums.fill(0);
    for (let i = at; i < at + count; i++) {
      const row = rows[batch[i]!]!;
      const start = row * features;
      scores.fill(0);
      for (let j = 0; j < features; j++) {
        const value = source[start + j]!;
        if (value === 0) continue;
        for (let c = 0, b = j * classes; c < classes; c++, b++) scores[c]! += value * params[b]!;
      }
      for (let c = 0; c < classes; c++) scores[c]! += params[biasAt + c]!;
      this.scoresToErrors(this.examples.labels[row]!);
      for (let j = 0; j < features; j++) {
        const value = source[start + j]!;
        if (value === 0) continue;
        for (let c = 0, b = j * classes; c < classes; c++, b++) sums[b]! += value * scores[c]!;
      }
      for (let c = 0; c < classes; c++) sums[biasAt + c]! += scores[c]!;
    }
  }

  /** scores = softmax(scores) - one-hot(label). */
  private scoresToErrors(label: number): void {
    const { scores } = this;
    let largest = scores[0]!;
    for (let c = 1; c < scores.length; c++) if (scores[c]! > largest) largest = scores[c]!;
    let sum = 0;
    for (let c = 0; c < scores.length; c++) sum += scores[c] = exp(scores[c]! - largest);
    const inverse = 1 / sum;
    for (let c = 0; c < scores.length; c++) scores[c]! *= inverse;
    scores[label]! -= 1;
  }
}
