import { where } from '../../protocol/scenario/expectation.js';
import { below } from '../../protocol/scenario/expectations/below.js';
import { ratio } from '../../protocol/scenario/expectations/ratio.js';
import { sweep } from '../../protocol/scenario/scenario.js';

const common = {
  name: 'qlsd',
  stepSize: 1e-4,
  stepsPerRound: 10,
  chains: 8,
  burnInSteps: 300,
  thin: 7,
  referencePeriod: 20,
};
const CODECS = ['identity', { name: 'qsgd', levels: 15 }, { name: 'qsgd', levels: 1 }];
const with1 = (reference: string) => ({
  'method.reference': reference,
  'codecs.gradient.codec.levels': 1,
});

export default sweep('compressed-langevin', {
  description:
    'Quantised gradients of ten shards that disagree: their noise widens the posterior many times over at one level, a reference point that follows the chain takes it away for the same bytes, one that stays at the start most of it.',
  base: {
    method: common,
    objective: { name: 'gaussian-mean', priorVariance: 1, problem: 'published-setting' },
    data: 'none',
    clients: 10,
    rounds: 200,
    precision: 'float64',
    evaluation: { everyRounds: 200 },
    checkpoints: { everyRounds: null },
  },
  over: {
    'method.reference': ['none', 'fixed', 'periodic'],
    'codecs.gradient': CODECS,
  },
  expect: [
    where({ 'method.reference': 'periodic' }, below({ of: 'covarianceError', value: 0.3 })),
    where(
      { 'method.reference': 'none', 'codecs.gradient.codec.name': 'identity' },
      below({ of: 'covarianceError', value: 0.3 }),
    ),
    ratio({ of: 'w2', numerator: with1('none'), denominator: with1('periodic'), least: 3 }),
  ],
  expectedSeconds: 40,
});
