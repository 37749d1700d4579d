import { below } from '../../protocol/scenario/expectations/below.js';
import { ratio } from '../../protocol/scenario/expectations/ratio.js';
import { sweep } from '../../protocol/scenario/scenario.js';

const common = { stepSize: 1e-4, delay: 40, batchSize: 50, chains: 2, burnInSteps: 2_000, thin: 41, visitsPerRound: 1 };

export default sweep('bayesian-network-non-iid', {
  description:
    'A Bayesian network on handwritten digits split by label: predictive log-likelihood and calibration of DSGLD and FSGLD with diagonal surrogates after 40 local steps a visit, over five seeds. The published advantage of FSGLD is not reproduced here, and the chains have not mixed.',
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
    // Better than a guess among ten digits, ln 10 = 2.303.
    below({ of: 'predictiveLoss', value: 1.5 }),
    // Does not hold here (1.007): in the Gaussian scenarios diagonal surrogates gain nothing either.
    ratio({
      of: 'predictiveLoss',
      numerator: { 'method.name': 'fsgld' },
      denominator: { 'method.name': 'dsgld' },
      most: 1,
    }),
  ],
  claims: [
    {
      claim: 'on non-IID shards FSGLD predicts clearly better than DSGLD (test log-likelihood -0.67 against -1.11)',
      source: 'El Mekkaoui et al., UAI 2021, Table 1 (SUSY; not this data)',
      of: 'predictiveLoss',
      where: { 'method.name': 'fsgld' },
      // Three fifths of what DSGLD has here, about 1.04.
      below: 0.63,
    },
  ],
  expectedSeconds: 50,
});
