import { ratio } from '../../protocol/scenario/expectations/ratio.js';
import { sweep } from '../../protocol/scenario/scenario.js';

const common = { stepSize: 1e-4, delay: 40, batchSize: 50, chains: 2, burnInSteps: 2_000, thin: 41, visitsPerRound: 1 };

export default sweep('bayesian-network-non-iid', {
  description:
    'A Bayesian network on handwritten digits split by label: predictive log-likelihood and calibration of DSGLD and FSGLD with diagonal surrogates after 40 local steps a visit, over five seeds.',
  base: {
    method: 'dsgld',
    objective: {
      name: 'bayesian-network',
      priorVariance: 1,
      hiddenWidths: [12],
      activation: 'tanh',
      surrogateSteps: 100,
    },
    data: {
      name: 'mnist',
      size: 8,
      trainCount: 1_000,
      testCount: 1_000,
      partition: { name: 'label-count', labelsPerClient: 2 },
    },
    clients: 10,
    rounds: 100,
    evaluation: { everyRounds: 100 },
    checkpoints: { everyRounds: null },
  },
  over: {
    method: [
      { name: 'dsgld', ...common },
      { name: 'fsgld', ...common, surrogateForm: 'diagonal' },
    ],
    seed: [1, 2, 3, 4, 5],
  },
  expect: [
    ratio({
      of: 'predictiveLoss',
      numerator: { 'method.name': 'fsgld' },
      denominator: { 'method.name': 'dsgld' },
      most: 1,
    }),
  ],
  expectedSeconds: 50,
});
