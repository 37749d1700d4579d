import { where } from '../../protocol/scenario/expectation.js';
import { above } from '../../protocol/scenario/expectations/above.js';
import { below } from '../../protocol/scenario/expectations/below.js';
import { sweep } from '../../protocol/scenario/scenario.js';

const common = { name: 'qlsd', stepSize: 5e-5, stepsPerRound: 25, chains: 8, burnInSteps: 500, thin: 5 };
/** One value fewer a level than 2^b: a sign and b - 1 bits of magnitude. */
const CODECS = ['identity', { name: 'qsgd', levels: 15 }, { name: 'qsgd', levels: 1 }];

export default sweep('compressed-langevin', {
  description:
    'Quantised gradients in Langevin dynamics: at a fixed reference point (QLSD*) coarse quantisation costs little of the posterior, without one its noise widens it.',
  base: {
    method: common,
    objective: { name: 'bayesian-linear-regression', priorVariance: 1, noiseVariance: 1, intercept: false },
    data: { name: 'linear-regression', features: 50, examples: 4_000, testExamples: 500, partition: { name: 'iid' } },
    clients: 20,
    rounds: 100,
    precision: 'float64',
    evaluation: { everyRounds: 100 },
    checkpoints: { everyRounds: null },
  },
  over: {
    'method.reference': ['none', 'fixed'],
    'codecs.gradient': CODECS,
  },
  expect: [
    where({ 'method.reference': 'fixed' }, below({ of: 'covarianceError', value: 100 })),
    above({ of: 'bytesUp', value: 0 }),
  ],
  expectedSeconds: 40,
});
