import { where } from '../../protocol/scenario/expectation.js';
import { below } from '../../protocol/scenario/expectations/below.js';
import { ratio } from '../../protocol/scenario/expectations/ratio.js';
import { roundsToMatch } from '../../protocol/scenario/expectations/rounds-to-match.js';
import { settlesInOrder } from '../../protocol/scenario/expectations/settles-in-order.js';
import { sweep } from '../../protocol/scenario/input.js';

/** The loss here is half the paper's mean square, so that this rate is its 0.3. */
const optimizer = { name: 'sgd', learningRate: 0.6 };
const batchSize = 32;
const plain = { 'method.name': 'sgd', 'data.labelNoiseStddev': 0 };
const printed = { 'method.cap': '1', 'data.labelNoiseStddev': 0 };
const wide = { 'method.cap': '1/gamma', 'data.labelNoiseStddev': 0 };

const inwards = settlesInOrder({
  groups: [
    ['weightError/5', 'weightError/6'],
    ['weightError/3', 'weightError/8'],
    ['weightError/1', 'weightError/10'],
  ],
  below: 0.5,
});
const halfTheSteps = (runner: typeof printed) =>
  roundsToMatch({ of: 'excessLoss', runner, rival: plain, rivalRound: 100, most: 55 });

const ORDER = 'w5 and w6 converge first, then w3 and w8, last w1 and w10';
const HALF = 'VR-SGD needs about 50 steps to the loss of 100 steps of SGD';
const INFERRED =
  'The paper does not give the inputs: they are uniform on [0, 1] since this order appears with them, so it cannot count for the claim.';
const PAPER = 'Accelerating Large Batch Training via Gradient Signal to Noise Ratio (GSNR), toy problem';

export default sweep('vrgd-linear-regression', {
  description:
    'The toy problem of the gradient signal-to-noise paper: ten weights 1 to 10, batches of 2048 in 64 devices. With the printed cap 1 ' +
    'VR-SGD cannot beat SGD at the same rate but ends lower under label noise; with cap 1/gamma it needs half the steps.',
  base: {
    method: { name: 'sgd', batchSize, optimizer },
    objective: { name: 'linear-regression', bias: false, weightErrors: true },
    data: {
      name: 'linear-regression',
      examples: 128_000,
      testExamples: 1000,
      labelNoiseStddev: 0,
      inputs: 'uniform01',
      trueWeights: 'one-to-n',
    },
    clients: 64,
    rounds: 300,
    precision: 'float64',
    checkpoints: { everyRounds: null },
  },
  over: {
    method: [
      { name: 'sgd', batchSize, optimizer },
      { name: 'vrgd', batchSize, optimizer, cap: '1' },
      { name: 'vrgd', batchSize, optimizer, cap: '1/gamma' },
    ],
    'data.labelNoiseStddev': [0, 5],
  },
  expect: [
    where(plain, inwards),
    halfTheSteps(wide),
    roundsToMatch({ of: 'excessLoss', runner: printed, rival: plain, rivalRound: 100, least: 110, most: 130 }),
    // The late rounds of one run each: 0.65 to 0.75 at the seeds that were tried.
    ratio({
      of: 'lateExcessLoss',
      numerator: { 'method.cap': '1', 'data.labelNoiseStddev': 5 },
      denominator: { 'method.name': 'sgd', 'data.labelNoiseStddev': 5 },
      least: 0.5,
      most: 0.9,
    }),
    where(plain, below({ of: 'finalExcessLoss', value: 1e-6 })),
  ],
  claims: [
    { claim: ORDER, source: PAPER, where: plain, judgedBy: [inwards], text: 'chosen', note: INFERRED },
    { claim: ORDER, source: PAPER, where: printed, judgedBy: [inwards], text: 'chosen', note: INFERRED },
    {
      claim: HALF,
      source: PAPER,
      where: printed,
      against: plain,
      judgedBy: [halfTheSteps(printed)],
      text: 'printed',
      note: 'The printed cap: with any inputs and rate no step is longer than that of SGD. Inputs and rate are ours.',
    },
    {
      claim: HALF,
      source: PAPER,
      where: wide,
      against: plain,
      judgedBy: [halfTheSteps(wide)],
      note: 'A cap that the paper does not print, at inputs and a rate of ours.',
    },
  ],
  expectedSeconds: 20,
});
