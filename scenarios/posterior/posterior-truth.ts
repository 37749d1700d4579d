import { conjugatePosterior, type Gaussian, gaussianPriorFactor } from '../../protocol/bayesian/conjugate.js';
import { momentsOfDraws } from '../../protocol/bayesian/distances.js';
import { modelPosterior } from '../../protocol/bayesian/gaussian-model.js';
import type { LogPosterior } from '../../protocol/method.js';
import { rootStream } from '../../protocol/numerics/random.js';
import type { Scenario } from '../../protocol/scenario/scenario.js';
import { type GaussianProblem, problemModel } from '../../worker/objectives/log-posterior/gaussian-problems.js';
import { posteriorDensity } from '../../worker/objectives/log-posterior/posterior-density.js';
import { openProblem } from '../../worker/problem.js';
import { rankNormalizedRhat } from './diagnostics.js';
import { coordinateOf, type HmcChain, sampleHmc } from './hmc.js';

/** The posterior that draws are held against. */
export interface Truth {
  readonly law: Gaussian;
  /** Where it comes from, in words. */
  readonly source: string;
}

/** Beyond this many parameters the reference sampler takes longer than a scenario should. */
const MOST_REFERENCE_PARAMETERS = 100;
const REFERENCE = { chainCount: 4, warmupCount: 400, drawCount: 750 } as const;

const known = new Map<string, Promise<Truth | null>>();

/**
 * Exact where the model is conjugate, else the moments of a Hamiltonian Monte Carlo reference; null where neither is to be had
 * (networks). Found once a process for equal data and objectives: points of a sweep share it.
 */
export function posteriorTruth(scenario: Scenario): Promise<Truth | null> {
  const { objective, data, clients, seed } = scenario;
  const key = JSON.stringify([objective, data, clients, seed]);
  let truth = known.get(key);
  if (!truth) known.set(key, (truth = findTruth(scenario)));
  return truth;
}

async function findTruth(scenario: Scenario): Promise<Truth | null> {
  const { objective } = scenario;
  switch (objective.name) {
    case 'gaussian-mean':
      if (objective.problem !== 'none')
        return { law: modelPosterior(problemModel(objective.problem as GaussianProblem)), source: 'exact (conjugate)' };
      return conjugateTruth(scenario);
    case 'bayesian-linear-regression':
      return conjugateTruth(scenario);
    case 'bayesian-logistic-regression':
    case 'metric-learning':
      return referenceTruth(scenario);
    default:
      return null;
  }
}

/** All shards in float64, whatever the run's precision, and the prior's variance. */
async function doubleShards(scenario: Scenario) {
  const { family, objectiveOf } = await openProblem({ ...scenario, precision: 'float64' });
  return {
    dimension: family.parameterCount,
    priorVariance: scenario.objective.priorVariance as number,
    shards: Array.from({ length: scenario.clients }, (_, client) => objectiveOf(client) as LogPosterior),
  };
}

async function conjugateTruth(scenario: Scenario): Promise<Truth> {
  const { dimension, priorVariance, shards } = await doubleShards(scenario);
  const factors = shards.map((shard) => {
    const { eta, precision } = shard.surrogate('full');
    return { eta: Float64Array.from(eta), precision: Float64Array.from(precision) };
  });
  return {
    law: conjugatePosterior(gaussianPriorFactor(dimension, 1 / priorVariance), factors),
    source: 'exact (conjugate)',
  };
}

async function referenceTruth(scenario: Scenario): Promise<Truth | null> {
  const { dimension, priorVariance, shards } = await doubleShards(scenario);
  if (dimension > MOST_REFERENCE_PARAMETERS) return null;
  const density = posteriorDensity(shards, dimension, priorVariance);
  const chains = sampleHmc(density, REFERENCE, rootStream(scenario.seed, 'float64').derive('reference'));
  return { law: momentsOfDraws(rowsOf(chains, dimension)), source: describe(chains, dimension) };
}

function rowsOf(chains: readonly HmcChain[], d: number): Float64Array[] {
  return chains.flatMap(({ draws }) =>
    Array.from({ length: draws.length / d }, (_, n) => draws.subarray(n * d, (n + 1) * d)),
  );
}

function describe(chains: readonly HmcChain[], d: number): string {
  let rhat = 0;
  for (let i = 0; i < d; i++) rhat = Math.max(rhat, rankNormalizedRhat(coordinateOf(chains, d, i)));
  const acceptance = chains.reduce((sum, chain) => sum + chain.acceptance, 0) / chains.length;
  return (
    `Hamiltonian Monte Carlo, ${chains.length} chains of ${REFERENCE.drawCount} draws, ` +
    `acceptance ${acceptance.toFixed(2)}, largest R-hat ${rhat.toFixed(4)}`
  );
}
