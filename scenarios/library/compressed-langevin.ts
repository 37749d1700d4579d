import { ratio } from '../../protocol/scenario/expectations/ratio.js';
import { sweep } from '../../protocol/scenario/scenario.js';

const common = {
  name: 'qlsd',
  stepSize: 1e-4,
  stepsPerRound: 20,
  chains: 4,
  burnInSteps: 400,
  thin: 7,
  referencePeriod: 20,
};
const CODECS = ['identity', { name: 'qsgd', levels: 15 }, { name: 'qsgd', levels: 1 }];
const whole = { 'method.reference': 'none', 'codecs.gradient.codec.name': 'identity' };
const coded = (reference: string, levels: number) => ({
  'method.reference': reference,
  'codecs.gradient.codec.levels': levels,
});

export default sweep('compressed-langevin', {
  description:
    'Bytes against posterior error: gradients of 50 numbers from 20 shards that disagree, whole, at 15 levels and at one. The noise of the codec widens the posterior, a thousandfold at one level; differences to a reference point that follows the chain are small, so that 15 levels cost nothing, at less than a fifth of the bytes uplink.',
  base: {
    method: common,
    objective: { name: 'gaussian-mean', priorVariance: 1, problem: 'fifty-dimensional' },
    data: 'none',
    clients: 20,
    rounds: 100,
    precision: 'float64',
    evaluation: { everyRounds: 100 },
    checkpoints: { everyRounds: null },
  },
  over: {
    'method.reference': ['none', 'fixed', 'periodic'],
    'codecs.gradient': CODECS,
  },
  expect: [
    ratio({ of: 'bytesUp', numerator: whole, denominator: coded('none', 15), least: 4 }),
    ratio({ of: 'bytesUp', numerator: coded('none', 15), denominator: coded('none', 1), least: 1.15 }),
    ratio({ of: 'w2', numerator: coded('none', 15), denominator: whole, least: 3 }),
    ratio({ of: 'w2', numerator: coded('none', 1), denominator: coded('none', 15), least: 3 }),
    ratio({ of: 'w2', numerator: coded('none', 1), denominator: coded('periodic', 1), least: 3 }),
    ratio({ of: 'w2', numerator: coded('fixed', 1), denominator: coded('periodic', 1), least: 3 }),
    // No more than what chance leaves at this number of draws.
    ratio({ of: 'w2', numerator: coded('periodic', 15), denominator: whole, most: 1.2 }),
  ],
  expectedSeconds: 50,
});
