import type { Objective, Rng } from '../../protocol/method.js';
import { rootStream } from '../../protocol/numerics/random.js';
import type { PreparedRun } from './timed-run.js';

/**
 * What a run computes, without a run: two methods as loops over the clients' objectives in one function call a round, with the
 * run's batches in the run's order. No message, no party. The time of a run over the time of this is what the simulator costs;
 * the final parameters must have the run's bits.
 */
export class ObjectiveAlone {
  private readonly params: Float32Array;
  private readonly sums: Float64Array;
  private readonly streams: Rng;

  constructor(private readonly run: PreparedRun) {
    this.params = Float32Array.from(run.problem.model.initialParams);
    this.sums = new Float64Array(this.params.length);
    this.streams = rootStream(run.scenario.seed, 'float32');
  }

  /** All rounds of federated averaging with SGD at the server. */
  federatedAveraging(): Float32Array {
    const { scenario, problem } = this.run;
    const { batchSize, clientLearningRate: rate } = scenario.method as unknown as {
      readonly batchSize: number;
      readonly clientLearningRate: number;
    };
    const { params, sums } = this;
    const local = new Float32Array(params.length);
    for (let round = 0; round < scenario.rounds; round++) {
      let total = 0;
      sums.fill(0);
      for (const client of this.cohort(round)) {
        const objective = problem.objectiveOf(client);
        const { exampleCount } = objective;
        const order = this.clientStream(client, round).permutation(exampleCount);
        const batches: Uint32Array[] = [];
        for (let at = 0; at < exampleCount; at += batchSize) batches.push(order.subarray(at, at + batchSize));
        answered(objective.descend!(params, batches, rate, local));
        for (let j = 0; j < local.length; j++) sums[j] = sums[j]! + exampleCount * Math.fround(local[j]! - params[j]!);
        total += exampleCount;
      }
      for (let j = 0; j < params.length; j++) params[j] = params[j]! + Math.fround(sums[j]! / total);
    }
    return params;
  }

  /** All rounds of synchronous SGD. */
  synchronousSgd(): Float32Array {
    const { scenario, problem } = this.run;
    const { batchSize, optimizer } = scenario.method as unknown as {
      readonly batchSize: number;
      readonly optimizer: { readonly learningRate: number };
    };
    const { params, sums } = this;
    const gradient = new Float32Array(params.length);
    for (let round = 0; round < scenario.rounds; round++) {
      let total = 0;
      sums.fill(0);
      for (const client of this.cohort(round)) {
        const objective: Objective = problem.objectiveOf(client);
        const batch = this.clientStream(client, round).batch(objective.exampleCount, batchSize);
        answered(objective.gradient(params, batch, gradient));
        for (let j = 0; j < sums.length; j++) sums[j] = sums[j]! + batch.length * gradient[j]!;
        total += batch.length;
      }
      for (let j = 0; j < params.length; j++)
        params[j] = params[j]! - optimizer.learningRate * Math.fround(sums[j]! / total);
    }
    return params;
  }

  private cohort(round: number): Uint32Array | readonly number[] {
    const { clients, participation } = this.run.scenario;
    if (participation.cohort === 'all') return Array.from({ length: clients }, (_, client) => client);
    return this.streams.derive('shared', round).derive('cohort').batch(clients, participation.cohort).sort();
  }

  private clientStream(client: number, round: number): Rng {
    return this.streams.derive('party', client).derive('round', round);
  }
}

function answered(answer: unknown): void {
  if (answer instanceof Promise) throw new Error('expected an objective that answers at once, got a promise');
}
