import { where } from '../../protocol/scenario/expectation.js';
import { above } from '../../protocol/scenario/expectations/above.js';
import { below } from '../../protocol/scenario/expectations/below.js';
import { ratio } from '../../protocol/scenario/expectations/ratio.js';
import { sweep } from '../../protocol/scenario/scenario.js';

const common = { stepSize: 4e-3, delay: 40, chains: 8, burnInSteps: 4_000, thin: 37, visitsPerRound: 2 };

export default sweep('bayesian-logistic-real', {
  description:
    'Odd against even handwritten digits, every client with one digit only: posterior draws of a logistic regression with 65 parameters against a Hamiltonian Monte Carlo reference, 40 local steps a visit.',
  base: {
    method: 'dsgld',
    objective: { name: 'bayesian-logistic-regression', priorVariance: 1, positiveClasses: [1, 3, 5, 7, 9] },
    data: {
      name: 'mnist',
      size: 8,
      trainCount: 500,
      testCount: 2_000,
      partition: { name: 'label-count', labelsPerClient: 1 },
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
      least: 3,
    }),
  ],
  expectedSeconds: 40,
});
