import { where } from '../../protocol/scenario/expectation.js';
import { below } from '../../protocol/scenario/expectations/below.js';
import { between } from '../../protocol/scenario/expectations/between.js';
import { sweep } from '../../protocol/scenario/input.js';

/** Clients are visited in proportion to their data, but the scaling believes that all are visited alike. */
const common = { stepSize: 2e-5, chains: 32, startStddev: 0.05, assumedWeights: [1, 1, 1, 1] };
const DELAYS = [
  { delay: 1, visitsPerRound: 34, burnInSteps: 2_000, thin: 3 },
  { delay: 40, visitsPerRound: 5, burnInSteps: 10_000, thin: 37 },
];

export default sweep('fsgld-availability', {
  description:
    'Clients are available in proportion to their data, while the method assumes equal availability: DSGLD is off by 9 to 13 posterior standard deviations, FSGLD with exact surrogates by none.',
  base: {
    method: 'dsgld',
    objective: { name: 'gaussian-mean', priorVariance: 100, problem: 'unequal-curvature' },
    data: 'none',
    clients: 4,
    rounds: 300,
    precision: 'float64',
    evaluation: { everyRounds: 300 },
    checkpoints: { everyRounds: null },
  },
  over: {
    method: DELAYS.flatMap((delay) => [
      { name: 'dsgld', ...common, ...delay },
      { name: 'fsgld', ...common, ...delay },
    ]),
  },
  expect: [
    where({ 'method.name': 'fsgld' }, below({ of: 'meanErrorSd', value: 0.1 })),
    where({ 'method.name': 'dsgld', 'method.delay': 1 }, between({ of: 'meanErrorSd', least: 8.3, most: 9.9 })),
    where({ 'method.name': 'dsgld', 'method.delay': 40 }, between({ of: 'meanErrorSd', least: 11.7, most: 13.7 })),
  ],
  expectedSeconds: 25,
});
