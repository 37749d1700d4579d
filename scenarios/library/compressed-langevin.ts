import { ratio } from '../../protocol/scenario/expectations/ratio.js';
import { sweep } from '../../protocol/scenario/input.js';

const common = {
  stepSize: 1e-4,
  stepsPerRound: 20,
  chains: 4,
  burnInSteps: 400,
  thin: 7,
};
const METHODS = [
  { name: 'qlsd', ...common },
  { name: 'qlsd-star', ...common },
  { name: 'qlsd-plus-plus', ...common, referencePeriod: 20 },
];
const CODECS = ['identity', { name: 'qsgd', levels: 15 }, { name: 'qsgd', levels: 1 }];
const whole = { 'method.name': 'qlsd', 'codecs.gradient.codec.name': 'identity' };
const coded = (method: string, levels: number) => ({
  'method.name': method,
  'codecs.gradient.codec.levels': levels,
});

export default sweep('compressed-langevin', {
  description:
    'Bytes against posterior error: gradients of 50 numbers from 20 shards that disagree, whole, at 15 levels and at one. The noise of the codec widens the posterior, a thousandfold at one level; differences to a reference point that follows the chain are small, so that 15 levels cost nothing, at less than a fifth of the bytes uplink.',
  base: {
    method: METHODS[0]!,
    objective: { name: 'gaussian-mean', priorVariance: 1, problem: 'fifty-dimensional' },
    data: 'none',
    clients: 20,
    rounds: 100,
    precision: 'float64',
    evaluation: { everyRounds: 100 },
    checkpoints: { everyRounds: null },
  },
  over: {
    method: METHODS,
    'codecs.gradient': CODECS,
  },
  expect: [
    // 400 bytes, 40 and 24 with the codec’s scale, and a frame of 30 around each.
    ratio({ of: 'bytesUp', numerator: whole, denominator: coded('qlsd', 15), least: 5.5, most: 6.5 }),
    ratio({ of: 'bytesUp', numerator: coded('qlsd', 15), denominator: coded('qlsd', 1), least: 1.2, most: 1.32 }),
    ratio({ of: 'w2', numerator: coded('qlsd', 15), denominator: whole, least: 3 }),
    ratio({ of: 'w2', numerator: coded('qlsd', 1), denominator: coded('qlsd', 15), least: 3 }),
    ratio({ of: 'w2', numerator: coded('qlsd', 1), denominator: coded('qlsd-plus-plus', 1), least: 3 }),
    ratio({ of: 'w2', numerator: coded('qlsd-star', 1), denominator: coded('qlsd-plus-plus', 1), least: 3 }),
    // No more than what chance leaves at this number of draws.
    ratio({ of: 'w2', numerator: coded('qlsd-plus-plus', 15), denominator: whole, most: 1.2 }),
  ],
  expectedSeconds: 50,
});
