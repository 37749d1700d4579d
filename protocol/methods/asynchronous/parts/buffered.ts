import type { Objective, ReadonlyVector, Rng, Segment, Vector } from '../../../method.js';
import { accumulate, addScaled, scale } from '../../../numerics/vector.js';
import { loadOptimizer, optimizer } from '../../../optimizers/load-optimizer.js';
import { count, oneOf, positive } from '../../../settings/kinds.js';
import { descend, localBatches } from '../../federated/fedavg.js';
import { stalenessSettings } from './staleness.js';

/** What buffered methods have in common: the work of a client, and the server step with a sum of weighted differences. */

export const bufferedSettings = {
  localEpochs: count(1, "Passes over the client's examples"),
  batchSize: count(32, 'Examples of a local step'),
  clientLearningRate: positive(0.1, 'Step size of a local step'),
  serverLearningRate: positive(1, 'Factor on the mean of the buffer'),
  serverOptimizer: optimizer(
    null,
    "Takes minus the mean of the buffer, times serverLearningRate, for a gradient; 'delayed-nesterov' with bufferSize 1 is asynchronous " +
      'DiLoCo. null: the mean is added',
  ),
  again: oneOf(['again', 'once'], 'again', "May a client work on one model twice? 'once': it waits for the next"),
  ...stalenessSettings,
};

export interface BufferedServer {
  readonly params: Vector;
  /** Of the server optimizer; left out without one. */
  readonly optimizer?: object;
}

/** The model after local epochs minus `params`; null: the client has no examples. */
export async function localDifference(
  at: { readonly objective: Objective; readonly rng: Rng },
  params: ReadonlyVector,
  { localEpochs, batchSize, clientLearningRate }: LocalWork,
): Promise<Vector | null> {
  const { exampleCount } = at.objective;
  if (exampleCount === 0) return null;
  const batches = localBatches(at.rng, exampleCount, localEpochs, batchSize);
  const local = await descend(at.objective, params, batches, clientLearningRate, 0);
  return accumulate(local, -1, params);
}

interface LocalWork {
  readonly localEpochs: number;
  readonly batchSize: number;
  readonly clientLearningRate: number;
}

/** The server's rule of `serverOptimizer`, or plain addition. */
export function serverRule(
  { serverOptimizer }: { readonly serverOptimizer: Parameters<typeof loadOptimizer>[0] | null },
  segments: readonly Segment[],
) {
  const rule = serverOptimizer && loadOptimizer(serverOptimizer, segments);
  return {
    begin: (params: Vector): BufferedServer => (rule ? { params, optimizer: rule.init(params.length) } : { params }),
    /** `sum` times `factor` is the mean of the buffer times the server's rate. */
    step({ params, optimizer: before }: BufferedServer, sum: Vector, factor: number): BufferedServer {
      if (!rule) return { params: addScaled(params, factor, sum) };
      const [next, optimizer] = rule.update(scale(-factor, sum), before as object, params);
      return { params: next, optimizer };
    },
  };
}
