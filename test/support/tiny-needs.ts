import type { AnyMethod, Precision } from '../../protocol/method.js';
import type { JsonObject, Scenario } from '../../protocol/scenario/scenario.js';
import * as tiny from '../../scenarios/check/parts/tiny-problems.js';
import { type MethodNeeds, TINY_CLIENTS } from '../../scenarios/check/parts/tiny-problems.js';

/** What built-in methods need otherwise than what the contract suite takes by itself. */

/** A log-posterior on four observations a client, whose groups are not the clients. */
const POSTERIOR: MethodNeeds = {
  objective: { name: 'gaussian-mean', priorVariance: 10 },
  data: { name: 'gaussian-clusters', classes: 3, features: 5, examples: 24, separation: 2, partition: 'iid' } as never,
  // A sampler moves about its posterior: that it finds it is claimed elsewhere.
  loss: null,
};
/** As many chains as clients, dealt by a permutation: every client is visited in every round. */
const VISITS: JsonObject = {
  chains: TINY_CLIENTS,
  delay: 3,
  visitsPerRound: 2,
  schedule: 'permutation',
  visitBy: 'uniform',
  stepSize: 0.01,
};
const CONDUCIVE: JsonObject = { ...VISITS, conduciveWeight: 1 };

/** Softmax regression on clusters, for methods that show nothing on the quadratic. */
const CLUSTERS = {
  objective: { name: 'softmax-regression' },
  data: {
    name: 'gaussian-clusters',
    classes: 5,
    features: 6,
    separation: 8,
    examples: 24,
    partition: 'iid',
  } as never,
};

/** A radius that clips nothing, and noise that is there and hardly moves anything. */
const FAINT_NOISE: JsonObject = { clippingRadius: 50, noiseMultiplier: 1e-3 };

/** A model of two modules; without a common model there is no loss to fall. */
const PERSONAL = { ...CLUSTERS, objective: { name: 'small-network', hidden: [3] }, loss: null };

export const TINY_NEEDS: Readonly<Record<string, MethodNeeds>> = {
  'consensus-monte-carlo': {
    ...POSTERIOR,
    // More draws than coordinates: also what codecs leave of them has a covariance.
    hyperparameters: { chains: 2, drawsPerRound: 8, burnInSteps: 5, stepSize: 0.01 },
  },
  // A buffer has each client once.
  'fedbuff-secure': { hyperparameters: { bufferSize: 3, range: 10 } },
  // A meeting is one client's gradient.
  'ad-psgd': { loss: { rounds: 6 * 60, share: 0.1 } },
  'hierarchical-fedavg': {
    topology: { name: 'hierarchy', edges: 2 },
    objective: { name: 'softmax-regression' },
    data: { name: 'gaussian-clusters', classes: 3, features: 5, examples: 24, testExamples: 30, separation: 4 },
    loss: { rounds: 40, share: 0.3 },
  },
  // Noise of 40 rounds at the radius that clips nothing would hide any descent: the loss is claimed without.
  'dp-gd': { convergence: { learningRate: 0.1, clippingRadius: 50, calibration: 'none' } },
  diff2: { convergence: { learningRate: 0.1, refreshRadius: 50, calibration: 'none' } },
  'diff2-bvr-l-sgd': {
    // Room for the local steps, which end a run that would pass epsilon.
    hyperparameters: { localSteps: 3, localBatchSize: 2, epsilon: 200 },
    convergence: { learningRate: 0.1, refreshRadius: 50, localSteps: 2, calibration: 'none' },
  },
  // Two of a client's four examples a step on average: one client down for two rounds is missed for sure enough to be seen.
  'dp-sgd': { hyperparameters: { sampling: 0.5, expectedBatchSize: 12 }, convergence: FAINT_NOISE },
  'dp-ftrl': { hyperparameters: { stepsPerEpoch: 4, expectedBatchSize: 6 }, convergence: FAINT_NOISE },
  dsgld: { ...POSTERIOR, hyperparameters: VISITS },
  'fa-ld': { ...POSTERIOR, hyperparameters: { chains: 2, localSteps: 3, commonNoise: 0.5 } },
  fald: { ...POSTERIOR, hyperparameters: { chains: 2, meanLocalSteps: 3, commonNoise: 0.5, varianceReduction: true } },
  fsgld: { ...POSTERIOR, hyperparameters: CONDUCIVE },
  // Both stages within the rounds of the comparisons, the compressed one from before the checkpoint on.
  'one-bit-adam': { hyperparameters: { warmupRounds: 4 }, convergence: { warmupRounds: 15, learningRate: 0.2 } },
  powersgd: { hyperparameters: { rank: 1, leastRatio: 1 }, ...CLUSTERS },
  // On a quadratic the difference of two gradients on one batch does not depend on the batch.
  mime: { hyperparameters: { localSteps: 3 }, ...CLUSTERS },
  psgld: { ...POSTERIOR, hyperparameters: { ...CONDUCIVE, surrogatePoint: 'posterior', modeSteps: 5 } },
  qlsd: { ...POSTERIOR, hyperparameters: { chains: 2, stepsPerRound: 2 } },
  // Of Gaussian shards alike the differences to a reference are the same: who is absent would not show.
  'qlsd-star': {
    ...POSTERIOR,
    hyperparameters: { chains: 2 },
    objective: { name: 'bayesian-linear-regression' },
    data: { name: 'linear-regression', examples: 24, partition: 'iid' } as never,
  },
  'qlsd-plus-plus': { ...POSTERIOR, hyperparameters: { chains: 2, referencePeriod: 5, memoryRate: 0.2 } },
  sghmc: { ...POSTERIOR, hyperparameters: { ...CONDUCIVE, stepSize: 1e-4 } },
  // Several chains under a part of the clients are refused: they would share the cohort.
  sgld: { ...POSTERIOR, hyperparameters: { chains: 1 } },
  fedavg: { hyperparameters: { localEpochs: 2, proximal: 0.01 } },
  'dp-fedavg': { hyperparameters: { batchSize: 2 }, convergence: { noiseMultiplier: 0, clippingRadius: 1e200 } },
  'dp-fedavg-secure': { hyperparameters: { batchSize: 2 }, convergence: { noiseMultiplier: 0, clippingRadius: 10 } },
  fedper: PERSONAL,
  fedrep: { ...PERSONAL, hyperparameters: { personalEpochs: 2 } },
  pfedme: {
    hyperparameters: { localSteps: 3 },
    convergence: { lambda: 1, personalLearningRate: 0.1, clientLearningRate: 0.2 },
  },
  scaffold: { hyperparameters: { localSteps: 3 }, convergence: { localSteps: 3 } },
};

/** The small ill-conditioned problem on which placements are compared, for a method of the table or another. */
export function parityProblem(method: AnyMethod, precision: Precision, more: object = {}): Promise<Scenario> {
  return tiny.parityProblem(method, TINY_NEEDS[method.name] ?? {}, precision, more);
}
