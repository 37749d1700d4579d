import { where } from '../../protocol/scenario/expectation.js';
import { between } from '../../protocol/scenario/expectations/between.js';
import { monotone } from '../../protocol/scenario/expectations/monotone.js';
import { slope } from '../../protocol/scenario/expectations/slope.js';
import { sweep } from '../../protocol/scenario/input.js';

const ROUNDS = 'roundsTo(meanSquaredError<=1e-10)';

/** By rising spectral gap. Lazy: no eigenvalue below 0, so that the gap is that of the second largest. */
const topologies = [
  { name: 'star', lazy: true },
  { name: 'ring', lazy: true },
  { name: 'torus', lazy: true },
  { name: 'complete', lazy: true },
];

/** Half of 1 - lambda_2 of W, which for nine peers is 8/9, (1 + 2 cos 40 degrees) / 3, 2/5 and 0. */
const GAPS = { star: 1 / 18, ring: (1 - 0.766044443118978) / 3, torus: 3 / 10, complete: 1 / 2 };

export default sweep('topology-sweep', {
  description:
    'Nine peers track the gradient of well-conditioned objectives on graphs from star to complete: rounds to a mean squared error ' +
    'of 1e-10 against the spectral gap.',
  base: {
    method: { name: 'gradient-tracking', stepSize: 0.2, form: 'atc' },
    objective: { name: 'quadratic', dimension: 5, smallestEigenvalue: 1, largestEigenvalue: 1.5, centreSpread: 2 },
    data: 'none',
    clients: 9,
    rounds: 2000,
    seed: 3,
    precision: 'float64',
    checkpoints: { everyRounds: null },
    topology: { name: 'ring' },
  },
  over: { topology: topologies },
  expect: [
    monotone({ of: ROUNDS, inOrderOf: 'topology', direction: 'falling' }),
    ...Object.entries(GAPS).map(([name, gap]) =>
      where({ 'topology.name': name }, between({ of: 'spectralGap', least: gap - 1e-9, most: gap + 1e-9 })),
    ),
    slope({ of: ROUNDS, against: 'spectralGap', least: -2.5, most: -0.8 }),
  ],
  expectedSeconds: 20,
});
