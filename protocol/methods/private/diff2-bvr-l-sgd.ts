import type { Forecast } from '../../forecast.js';
import {
  type ClientIndex,
  defineMethod,
  type Objective,
  type Privacy,
  type ReadonlyVector,
  type Rng,
  type Vector,
} from '../../method.js';
import { add, addScaled, copy, scale, squaredDistance } from '../../numerics/vector.js';
import { composedEpsilon } from '../../privacy/accounting/accountant.js';
import { atLeastZero, count, oneOf, positive } from '../../settings/kinds.js';
import type { SettingsOf } from '../../settings/settings.js';
import { ADJACENCIES } from './parts/clipped-mean.js';
import { forecastDiff2 } from './parts/diff2-forecast.js';
import { Diff2Framework, type Diff2Server, diff2Messages } from './parts/diff2-framework.js';
import { checkDiff2Plan, diff2ClientReleases, diff2Releases, diff2Settings } from './parts/diff2-settings.js';
import { finiteRadius } from './parts/noise-conflicts.js';
import { targetOf } from './parts/planned-spend.js';

const settings = diff2Settings
  .with({
    adjacency: oneOf(
      ADJACENCIES,
      'add-remove',
      'Local steps sample their batches, so only add-remove can be accounted',
    ),
    localSteps: count(10, 'K: local steps of the chosen worker'),
    localBatchSize: count(16, 'b: expected examples of a local step'),
    localRadius: positive(
      3,
      "C3: radius of one example's difference in a local step, divided by the distance of the two points",
    ),
    localNoiseMultiplier: atLeastZero(1, 'z3 = sigma3 b of each local step'),
  })
  .and((settings) => finiteRadius('localRadius', settings, settings.calibration !== 'none'))
  .and(({ calibration, localNoiseMultiplier }) =>
    calibration === 'none' || localNoiseMultiplier > 0
      ? null
      : { at: 'localNoiseMultiplier', expected: 'noise on the local steps, which read private data' },
  )
  .and(({ calibration, adjacency }) =>
    calibration === 'none' || adjacency === 'add-remove'
      ? null
      : { at: 'adjacency', expected: "'add-remove', since local steps sample their batches" },
  );
type Settings = SettingsOf<typeof settings>;

/** The worker whose iterate becomes the new global point: a public coin. */
function chosenWorker(at: { readonly shared: Rng; readonly cohort: readonly ClientIndex[] }): ClientIndex {
  return at.cohort[at.shared.derive('chosen worker').below(at.cohort.length)]!;
}

/** Expected examples of a local step, and the probability of each. */
function localBatch({ localBatchSize }: Settings, exampleCount: number) {
  const batchSize = Math.min(localBatchSize, exampleCount);
  return { batchSize, sampling: batchSize / exampleCount };
}

/** K steps from x_0 along v_1 = v_r and v_k = v_{k-1} + the noised clipped difference on a Poisson batch; returns x_K. */
async function localDescent(
  start: ReadonlyVector,
  direction: ReadonlyVector,
  at: { readonly objective: Objective; readonly privacy: Privacy; readonly rng: Rng },
  settings: Settings,
): Promise<Vector> {
  const { learningRate, localSteps, localRadius, localNoiseMultiplier, calibration } = settings;
  const { exampleCount } = at.objective;
  const { batchSize, sampling } = localBatch(settings, exampleCount);
  let previous: ReadonlyVector = start;
  let estimate: ReadonlyVector = direction;
  let x = addScaled(start, -learningRate, direction);
  for (let step = 2; step <= localSteps; step++) {
    const batch = at.rng.derive('local step', step).poisson(exampleCount, sampling);
    const radius = localRadius * Math.sqrt(squaredDistance(x, previous));
    const sum = await at.objective.clippedDifferenceSum(x, previous, batch, radius);
    const change = scale(1 / batchSize, sum);
    const part = { value: change, l2Sensitivity: radius / batchSize, noiseMultiplier: localNoiseMultiplier };
    const [noised] =
      calibration === 'none'
        ? [change]
        : at.privacy.gaussian([part], {
            label: 'local difference',
            unit: 'example',
            adjacency: 'add-remove',
            sampling,
          });
    estimate = add(estimate, noised!);
    previous = x;
    x = addScaled(x, -learningRate, estimate);
  }
  return x;
}

export default defineMethod({
  name: 'diff2-bvr-l-sgd',
  paper: {
    title: 'DIFF2: Differential Private Optimization via Gradient Differences for Nonconvex Distributed Learning',
    url: 'https://arxiv.org/abs/2302.03884',
    algorithm: 'Algorithm 1 with the BVR-L-SGD-Routine',
    reconstruction:
      'The body of the paper was not read: framework and calibration follow its list of arguments and the authors’ code. The body of the routine is a ' +
      'reconstruction: a recursive local estimator seeded with the global one, on one uniformly chosen worker. That its local ' +
      'batches are Poisson samples with denominator b, accounted under add-remove adjacency as releases of the chosen worker ' +
      'alone, is our choice; so are the distributed and local noise placements.',
  },
  settings,
  isPrivate: true,
  /** Of the global releases; what the local steps of a chosen worker add counts too, and ends the run before it passes epsilon. */
  checkPlan(settings, run) {
    checkDiff2Plan(settings, run);
  },
  target: (settings) => targetOf(settings),
  clientReleases(settings, at) {
    const { calibration, localSteps, localNoiseMultiplier } = settings;
    const own = diff2ClientReleases(settings, at);
    if (calibration === 'none' || localSteps < 2 || at.exampleCount === 0) return own;
    if (chosenWorker({ shared: at.shared(), cohort: at.cohort }) !== at.client) return own;
    const { sampling } = localBatch(settings, at.exampleCount);
    return [
      ...own,
      { sampling, noiseMultiplier: localNoiseMultiplier, count: localSteps - 1, adjacency: 'add-remove' },
    ];
  },
  measures: ['answers'],
  messages: {
    ...diff2Messages,
    direction: { from: 'coordinator', to: 'cohort', vectors: ['estimate'] },
    iterate: { from: 'clients', to: 'coordinator', vectors: ['params'] },
  },
  client: ({ hyperparameters }) => {
    const framework = new Diff2Framework(hyperparameters);
    return {
      init: () => null,
      async round(state, at) {
        const models = await framework.send(at);
        if (!models || chosenWorker(at) !== at.self) return state;
        const [direction] = await at.take('direction');
        if (direction) {
          const params = await localDescent(models.current, direction.estimate, at, hyperparameters);
          at.post('iterate', 'coordinator', { params });
        }
        return state;
      },
    };
  },
  coordinator: ({ hyperparameters }) => {
    const framework = new Diff2Framework(hyperparameters);
    return {
      init: ({ initialParams }): Diff2Server => framework.start(initialParams),
      async round(state, at): Promise<Diff2Server> {
        const v = await framework.receive(state, at);
        if (!v) return framework.missed(state, at.index);
        at.post('direction', chosenWorker(at), { estimate: v.direction });
        const [iterate] = await at.take('iterate');
        // Without an answer the round is the GD-Routine's.
        const next = iterate?.params ?? addScaled(state.params, -hyperparameters.learningRate, v.direction);
        return framework.next(state, v, copy(next));
      },
      estimates: ({ params }) => [params],
      digested: (state) => framework.digested(state),
    };
  },
});

/** What the local steps add to the epsilon of the global releases, if one worker were chosen in every round. */
export const forecast: Forecast<Settings> = (settings, outlook) => {
  const lines = [...forecastDiff2(settings, outlook)];
  const smallest = Math.min(...outlook.exampleCounts);
  if (settings.calibration === 'none' || !(smallest > 0 && Number.isFinite(smallest))) return lines;
  const local = {
    sampling: Math.min(1, settings.localBatchSize / smallest),
    noiseMultiplier: settings.localNoiseMultiplier,
    count: (settings.localSteps - 1) * outlook.rounds,
  };
  const most = composedEpsilon([...diff2Releases(settings, outlook.rounds), local], outlook.delta).epsilon;
  lines.push(
    `diff2-bvr-l-sgd: the noise of the global releases is made for method.epsilon ${settings.epsilon}; with the local steps of a ` +
      `worker that is chosen in every round epsilon would be ${Number(most.toPrecision(4))} at delta ${outlook.delta}. The run ` +
      'ends before a worker has lost more than method.epsilon: a method.rounds above rounds leaves room for local steps.',
  );
  return lines;
};
