import { burstLoss } from '../../protocol/faults/burst-loss.js';
import { drop } from '../../protocol/faults/drop.js';
import { where } from '../../protocol/scenario/expectation.js';
import { above } from '../../protocol/scenario/expectations/above.js';
import { below } from '../../protocol/scenario/expectations/below.js';
import { everyFaultHappened } from '../../protocol/scenario/expectations/every-fault-happened.js';
import { sweep } from '../../protocol/scenario/input.js';

const FIGURE = 'finalMeanSquaredError';
const stepSize = 0.05;

/** Three in ten uplinks are lost in both: one by one, or for five rounds in a row on average. */
const LOSS = 0.3;
const BAD_TO_GOOD = 0.2;
const single = drop({ probability: LOSS, direction: 'up' });
const bursts = burstLoss({
  goodToBad: (BAD_TO_GOOD * LOSS) / (1 - LOSS),
  badToGood: BAD_TO_GOOD,
  direction: 'up',
});

const lost = (method: string, expectation: ReturnType<typeof below>) =>
  ['drop', 'burst-loss'].map((fault) => where({ 'method.name': method, 'faults.0.fault': fault }, expectation));

export default sweep('lossy-links', {
  description:
    'A coordinator and ten clients of different optima, three in ten uplinks lost, singly or in bursts. EF21, whose two sides keep ' +
    'an equal estimate where a correction was lost, reaches the optimum; gradient descent takes the mean of those that arrived and does not.',
  base: {
    method: { name: 'ef21', stepSize },
    objective: {
      name: 'quadratic',
      dimension: 10,
      curvature: 'full',
      smallestEigenvalue: 0.5,
      largestEigenvalue: 2,
      centreSpread: 2,
    },
    data: 'none',
    clients: 10,
    rounds: 2_000,
    seed: 4,
    precision: 'float64',
    evaluation: { everyRounds: 50 },
    checkpoints: { everyRounds: null },
  },
  over: {
    method: [
      { name: 'ef21', stepSize },
      { name: 'sgd', optimizer: { name: 'sgd', learningRate: stepSize } },
    ],
    faults: [[], [single], [bursts]],
  },
  expect: [
    everyFaultHappened(),
    where({ 'method.name': 'sgd', faults: [] }, below({ of: FIGURE, value: 1e-20 })),
    where({ 'method.name': 'ef21', faults: [] }, below({ of: FIGURE, value: 1e-20 })),
    ...lost('ef21', below({ of: FIGURE, value: 1e-20 })),
    ...lost('sgd', above({ of: FIGURE, value: 1e-4 })),
  ],
  expectedSeconds: 10,
});
