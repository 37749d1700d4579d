import { gradientNoise } from '../../protocol/faults/gradient-noise.js';
import { where } from '../../protocol/scenario/expectation.js';
import { quantile } from '../../protocol/scenario/expectations/quantile.js';
import { sweep } from '../../protocol/scenario/input.js';

const of = 'finalLoss';
const RATE = 0.05;

const SGD = { 'method.optimizer.name': 'sgd' };
const CLIPPED = { 'method.optimizer.name': 'clipped-sgd' };
const SSTM = { 'method.optimizer.name': 'clipped-sstm' };
const GAUSSIAN = { 'faults.0.distribution': 'gaussian' };
const HEAVY = ['student-t', 'alpha-stable'].map((distribution) => ({ 'faults.0.distribution': distribution }));

export default sweep('heavy-tailed-noise', {
  description:
    'Gradient noise of infinite variance on a quadratic, ten seeds: plain SGD ends far from the optimum in more than one run of ten, ' +
    'clipped SGD and clipped SSTM do not; under Gaussian noise plain SGD does not either.',
  base: {
    method: { name: 'sgd', optimizer: { name: 'sgd', learningRate: RATE } },
    objective: {
      name: 'quadratic',
      dimension: 10,
      smallestEigenvalue: 1,
      largestEigenvalue: 1,
      centreSpread: 0,
      initialValue: 3,
    },
    data: 'none',
    clients: 2,
    rounds: 300,
    precision: 'float64',
    evaluation: { everyRounds: 300 },
    checkpoints: { everyRounds: null },
  },
  over: {
    'method.optimizer': [
      { name: 'sgd', learningRate: RATE },
      { name: 'clipped-sgd', learningRate: RATE, threshold: 2 },
      { name: 'clipped-sstm', learningRate: RATE / 40, threshold: 0.1 },
    ],
    faults: [
      [gradientNoise({ distribution: 'gaussian', scale: 1 })],
      [gradientNoise({ distribution: 'student-t', scale: 1, tailIndex: 1.5 })],
      [gradientNoise({ distribution: 'alpha-stable', scale: 1, tailIndex: 1.5 })],
    ],
  },
  seeds: 10,
  // Of quantiles alone: the loss of plain SGD has no expectation under such noise, so a mean over seeds is that of its largest draw.
  expect: [
    where({ ...SGD, ...GAUSSIAN }, quantile({ of, share: 0.9, most: 1 })),
    ...HEAVY.flatMap((noise) => [
      where({ ...SGD, ...noise }, quantile({ of, share: 0.9, least: 1 })),
      where({ ...CLIPPED, ...noise }, quantile({ of, share: 0.9, most: 1 })),
      where({ ...SSTM, ...noise }, quantile({ of, share: 0.9, most: 1 })),
    ]),
  ],
  expectedSeconds: 15,
});
