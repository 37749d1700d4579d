import { where } from '../../protocol/scenario/expectation.js';
import { above } from '../../protocol/scenario/expectations/above.js';
import { below } from '../../protocol/scenario/expectations/below.js';
import { ratio } from '../../protocol/scenario/expectations/ratio.js';
import { sweep } from '../../protocol/scenario/scenario.js';

const common = { stepSize: 1e-3, delay: 40, chains: 8, burnInSteps: 5_000, thin: 37, visitsPerRound: 4 };

export default sweep('bayesian-logistic-real', {
  description:
    'Odd against even handwritten digits, two digits a client: posterior draws of a logistic regression with 65 parameters against a Hamiltonian Monte Carlo reference, 40 local steps a visit. The surrogates are Laplace fits at modes of shards that hold two digits, so FSGLD is nearer to the posterior than DSGLD, not at it.',
  base: {
    method: 'dsgld',
    objective: { name: 'bayesian-logistic-regression', priorVariance: 0.5, positiveClasses: [1, 3, 5, 7, 9] },
    data: {
      name: 'mnist',
      size: 8,
      trainCount: 500,
      testCount: 2_000,
      partition: { name: 'label-count', labelsPerClient: 2 },
    },
    clients: 10,
    rounds: 250,
    precision: 'float64',
    evaluation: { everyRounds: 250 },
    checkpoints: { everyRounds: null },
  },
  over: {
    method: [
      { name: 'dsgld', ...common },
      { name: 'fsgld', ...common, surrogateForm: 'full' },
    ],
  },
  expect: [
    where({ 'method.name': 'fsgld' }, below({ of: 'meanErrorSd', value: 4 })),
    where({ 'method.name': 'fsgld' }, above({ of: 'predictiveAccuracy', value: 0.8 })),
    ratio({
      of: 'w2',
      numerator: { 'method.name': 'dsgld' },
      denominator: { 'method.name': 'fsgld' },
      least: 1.15,
    }),
  ],
  expectedSeconds: 45,
});
