import type { AnyMethod, MessageKinds, Precision } from '../../protocol/method.js';
import { defaultsOf } from '../../protocol/method.js';
import { resolveScenario } from '../../protocol/scenario/resolve.js';
import type { JsonObject, KindCodecInput, Scenario, ScenarioInput } from '../../protocol/scenario/scenario.js';
import { loadCatalogue } from '../../scenarios/run/catalogue.js';

export const TINY_CLIENTS = 6;
export const TINY_ROUNDS = 12;

/** What one method needs otherwise than the fall-backs below. A new method needs an entry only where they do not fit it. */
export interface TinyNeeds {
  readonly hyperparameters?: JsonObject;
  /** Of the graph, for methods with peer kinds. */
  readonly topology?: JsonObject;
  /** Left out: 4 of the 6 clients a round for methods with a coordinator. */
  readonly cohort?: 'all' | number;
  /** Objective and data when the method cannot work on a plain quadratic (a sampler needs a log-posterior). */
  readonly objective?: JsonObject;
  readonly data?: ScenarioInput['data'];
  /** Hyperparameters of the claim on the loss, on top of the others. */
  readonly convergence?: JsonObject;
  /** Rounds, and the share of the first loss below which the last must fall; null: the method makes no such claim. */
  readonly loss?: { readonly rounds: number; readonly share: number } | null;
  /** False: a missing message ends the run by the method's own rules. */
  readonly toleratesLoss?: boolean;
  readonly scenario?: Partial<ScenarioInput>;
}

/** A log-posterior on four observations a client, whose groups are not the clients. */
const POSTERIOR: TinyNeeds = {
  objective: { name: 'gaussian-mean', priorVariance: 10 },
  data: { name: 'gaussian-clusters', classes: 3, features: 5, examples: 24, separation: 2, partition: 'iid' } as never,
  // A sampler goes on about its posterior: that it finds it is claimed elsewhere.
  loss: null,
};
/** As many chains as clients, dealt by a permutation: everybody is visited in every round. */
const VISITS: JsonObject = {
  chains: TINY_CLIENTS,
  delay: 3,
  visitsPerRound: 2,
  schedule: 'permutation',
  visitBy: 'uniform',
  stepSize: 0.01,
};
const CONDUCIVE: JsonObject = { ...VISITS, conduciveWeight: 1 };

/** A radius that clips nothing, and noise that is there and hardly moves anything. */
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

const FAINT_NOISE: JsonObject = { clippingRadius: 50, noiseMultiplier: 1e-3 };

export const TINY_NEEDS: Readonly<Record<string, TinyNeeds>> = {
  'consensus-monte-carlo': {
    ...POSTERIOR,
    hyperparameters: { chains: 2, drawsPerRound: 4, burnInSteps: 5, stepSize: 0.01 },
  },
  // Noise of 40 rounds at the radius that clips nothing would hide any descent: the loss is claimed without.
  'dp-gd': { convergence: { learningRate: 0.1, clippingRadius: 50, calibration: 'none' } },
  diff2: { convergence: { learningRate: 0.1, refreshRadius: 50, calibration: 'none' } },
  'diff2-bvr-l-sgd': {
    hyperparameters: { localSteps: 3, localBatchSize: 2 },
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
  scaffold: { hyperparameters: { localSteps: 3 }, convergence: { localSteps: 3 } },
};

const DIMENSION = 7;
const FALL_BACK_LOSS = { rounds: 40, share: 0.1 };

/**
 * Diagonal quadratics whose curvatures lie between 0.5 and 1.4, so that any usual step is stable, and whose centres span twelve
 * orders of magnitude within each coordinate: a sum over clients taken in another order has other bits.
 */
export function illConditionedQuadratic(): JsonObject {
  const matrices: number[][] = [];
  const centres: number[][] = [];
  for (let client = 0; client < TINY_CLIENTS; client++) {
    matrices.push(Array.from({ length: DIMENSION }, (_, j) => 0.5 + ((client * 5 + j * 3) % 10) / 11));
    centres.push(
      Array.from({ length: DIMENSION }, (_, j) => {
        const exponent = ((client * 5 + j * 7) % TINY_CLIENTS) * 2.4 - 6;
        return ((client + j) % 2 === 0 ? 1 : -1) * (1 + ((client * 7 + j * 11) % 13) / 17) * 10 ** exponent;
      }),
    );
  }
  return {
    name: 'quadratic',
    dimension: DIMENSION,
    matrices,
    centres,
    examples: 4,
    exampleSpread: 0.5,
    initialValue: 0.25,
  };
}

/** Curvatures from 1 to 2, centres about one unit apart, start at distance 3 in every coordinate. */
const WELL_CONDITIONED: JsonObject = {
  name: 'quadratic',
  dimension: DIMENSION,
  smallestEigenvalue: 1,
  largestEigenvalue: 2,
  initialValue: 3,
  examples: 4,
  exampleSpread: 0.1,
};

const catalogue = await loadCatalogue();

/** A resolved scenario for a method that need not be in the folder. */
export async function resolveTiny(method: AnyMethod, input: Partial<ScenarioInput>): Promise<Scenario> {
  const methods = { names: () => [method.name], find: () => method };
  return resolveScenario(
    {
      name: 'tiny',
      method: method.name,
      data: 'none',
      clients: TINY_CLIENTS,
      rounds: TINY_ROUNDS,
      seed: 11,
      checkpoints: { everyRounds: 5 },
      evaluation: { everyRounds: 1000 },
      workers: { count: 0 },
      ...input,
    },
    { ...catalogue, methods },
  );
}

/** The small ill-conditioned problem on which placements are compared. */
export function parityProblem(method: AnyMethod, precision: Precision, more: object = {}): Promise<Scenario> {
  const needs = TINY_NEEDS[method.name] ?? {};
  return resolveTiny(method, {
    ...common(method, needs, needs.hyperparameters ?? {}),
    precision,
    objective: (needs.objective ?? illConditionedQuadratic()) as never,
    participation: { cohort: needs.cohort ?? (hasPeers(method) ? 'all' : 4) },
    ...needs.scenario,
    ...more,
  });
}

export function claimsLoss(method: AnyMethod): boolean {
  return TINY_NEEDS[method.name]?.loss !== null;
}

/** The well-conditioned problem on which the loss must fall, and its bound. */
export async function lossProblem(method: AnyMethod): Promise<{ readonly scenario: Scenario; readonly share: number }> {
  const needs = TINY_NEEDS[method.name] ?? {};
  const { rounds, share } = needs.loss ?? FALL_BACK_LOSS;
  const scenario = await resolveTiny(method, {
    ...common(method, needs, { ...needs.hyperparameters, ...needs.convergence }),
    rounds,
    precision: 'float64',
    objective: (needs.objective ?? WELL_CONDITIONED) as never,
    evaluation: { everyRounds: rounds },
    ...needs.scenario,
  });
  return { scenario, share };
}

export function hasPeers(method: AnyMethod): boolean {
  return Object.values(method.messages).some((kind) => (kind as { to: string }).to === 'peers');
}

export function toleratesLoss(method: AnyMethod): boolean {
  return TINY_NEEDS[method.name]?.toleratesLoss ?? true;
}

/** A lossy codec wherever the method allows one, with error feedback where the scenario may add it. */
export function lossyCodecs(method: AnyMethod): Readonly<Record<string, KindCodecInput>> {
  const codecs: Record<string, KindCodecInput> = {};
  for (const [kind, { lossy, memory, vectors }] of Object.entries(method.messages as MessageKinds)) {
    if (!lossy || !vectors?.length) continue;
    if (lossy === 'unbiased') codecs[kind] = { name: 'qsgd' };
    else codecs[kind] = memory === 'method' ? { name: 'top-k' } : { codec: 'top-k', memory: 'error-feedback' };
  }
  return codecs;
}

function common(
  method: AnyMethod,
  needs: TinyNeeds,
  hyperparameters: JsonObject,
): Omit<ScenarioInput, 'name' | 'data'> {
  // Two of a client's four examples a batch: the method draws, wherever it can.
  const batch: JsonObject = 'batchSize' in defaultsOf(method) ? { batchSize: 2 } : {};
  return {
    method: { name: method.name, ...batch, ...hyperparameters },
    ...(needs.data ? { data: needs.data } : {}),
    ...(hasPeers(method) ? { topology: (needs.topology ?? { name: 'ring' }) as never } : {}),
  };
}
