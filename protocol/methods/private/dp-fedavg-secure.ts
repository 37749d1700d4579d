import { defineMethod, type Vector } from '../../method.js';
import {
  type DistributedDiscreteGaussian,
  decodeSum,
  distributedNoiseMultiplier,
  encodeClientVector,
  gridStepForBits,
  rotatedLength,
} from '../../privacy/mechanisms/distributed-discrete-gaussian.js';
import { hostPrivacy } from '../../privacy/mechanisms/host-privacy.js';
import { SeededNoise } from '../../privacy/mechanisms/noise-source.js';
import { joinSecureSum, SECURE_SUM_KINDS, secureSum } from '../../privacy/secure-sum/secure-exchange.js';
import { count, number } from '../../settings/kinds.js';
import type { SettingsOf } from '../../settings/settings.js';
import {
  CLIENT_RELEASE,
  clippedUpdate,
  expectedCount,
  localUpdate,
  movedBy,
  updateSettings,
} from './parts/client-updates.js';
import { finiteRadius } from './parts/noise-conflicts.js';

interface Server {
  readonly params: Vector;
}

const settings = updateSettings
  .with({
    survivingShare: number(0.6, 'Share of the cohort that must answer; it alone has all the noise', {
      above: 0.5,
      most: 1,
    }),
    bits: count(20, 'Residues are modulo 2^bits'),
  })
  .and((settings) => finiteRadius('clippingRadius', settings, true));
type Settings = SettingsOf<typeof settings>;

/** Fewest answers of a cohort that make a sum. */
function thresholdOf({ survivingShare }: Settings, cohortSize: number): number {
  return Math.max(1, Math.ceil(survivingShare * cohortSize - 1e-9));
}

/** The mechanism of a round whose noise is complete once `threshold` clients have answered. */
function mechanismOf(
  { noiseMultiplier, clippingRadius, bits }: Settings,
  length: number,
  cohortSize: number,
  threshold: number,
): DistributedDiscreteGaussian {
  // If all answer there is more noise than that of the threshold, and the sum must still not wrap around.
  const noiseStddev = noiseMultiplier * clippingRadius;
  const whole = noiseStddev * Math.sqrt(cohortSize / threshold);
  const widest = { clippingRadius, noiseStddev: whole, clientCount: cohortSize, bits };
  return {
    ...widest,
    noiseStddev,
    clientCount: threshold,
    gridStep: gridStepForBits(widest, rotatedLength(length)),
  };
}

export default defineMethod({
  name: 'dp-fedavg-secure',
  paper: {
    title: 'The Distributed Discrete Gaussian Mechanism for Federated Learning with Secure Aggregation',
    url: 'https://arxiv.org/abs/2102.06387',
    algorithm:
      'DP-FedAvg under secure aggregation: the coordinator receives only the sum, with noise that the clients add',
    reconstruction:
      'Reconstructed, not checked against the papers; tested by their stated invariants. Secure aggregation is its honest-but-curious form, ' +
      'without the consistency check against a malicious coordinator.',
  },
  settings,
  isPrivate: true,
  clientReleases(hyperparameters, { cohort: { length: cohortSize }, parameterCount }) {
    if (hyperparameters.noiseMultiplier === 0) return [];
    const threshold = thresholdOf(hyperparameters, cohortSize);
    const noiseMultiplier = distributedNoiseMultiplier(
      mechanismOf(hyperparameters, parameterCount, cohortSize, threshold),
      parameterCount,
    );
    return [{ sampling: 1, noiseMultiplier, count: 1, adjacency: 'add-remove', unit: 'client', discrete: true }];
  },
  measures: ['clippingRadius', 'aborted', 'survivors', 'recovered'],
  messages: {
    model: { from: 'coordinator', to: 'cohort', vectors: ['params'], lossy: 'any' },
    ...SECURE_SUM_KINDS,
  },
  client: ({ hyperparameters, segments, parameterCount }) => {
    const { clippingRadius, noiseMultiplier, bits } = hyperparameters;
    return {
      init: () => null,
      async round(state, at) {
        const [model] = await at.take('model');
        if (!model) return state;
        const delta = await localUpdate(model.params, at, hyperparameters);
        const value = clippedUpdate(delta, clippingRadius, segments, hyperparameters);
        const threshold = thresholdOf(hyperparameters, at.cohort.length);
        const mechanism = mechanismOf(hyperparameters, parameterCount, at.cohort.length, threshold);
        // Rotated, rounded at random to a grid, with this client's share of the noise, modulo 2^bits, under masks.
        await joinSecureSum(at, { bits, threshold }, () =>
          noiseMultiplier === 0
            ? encodeClientVector(value, mechanism, at.shared, new SeededNoise(at.rng.derive('rounding')))
            : hostPrivacy(at.privacy).distributedDiscrete(value, mechanism, at.shared, CLIENT_RELEASE),
        );
        return state;
      },
    };
  },
  coordinator: ({ hyperparameters, parameterCount }) => {
    const { clippingRadius: radius, serverLearningRate, bits } = hyperparameters;
    return {
      init: ({ initialParams }): Server => ({ params: initialParams }),
      async round({ params }, at): Promise<Server> {
        at.post('model', at.cohort, { params });
        at.measure('clippingRadius', radius);
        const threshold = thresholdOf(hyperparameters, at.cohort.length);
        const residues = await secureSum(at, { bits, threshold, length: rotatedLength(parameterCount) });
        // Too few answered: the masks stay on, and the round changes nothing.
        if (!residues) return { params };
        const mechanism = mechanismOf(hyperparameters, parameterCount, at.cohort.length, threshold);
        const sum = decodeSum(residues, parameterCount, mechanism, at.shared);
        return { params: movedBy(sum, params, serverLearningRate, expectedCount(at)) };
      },
      estimates: ({ params }) => [params],
      // The radius was in states of earlier versions.
      digested: (state) => ({ ...state, radius }),
    };
  },
});
