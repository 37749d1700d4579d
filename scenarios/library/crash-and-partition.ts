import { crash } from '../../protocol/faults/crash.js';
import { at, during } from '../../protocol/faults/fault.js';
import { partition } from '../../protocol/faults/partition.js';
import { where } from '../../protocol/scenario/expectation.js';
import { above } from '../../protocol/scenario/expectations/above.js';
import { below } from '../../protocol/scenario/expectations/below.js';
import { everyFaultHappened } from '../../protocol/scenario/expectations/every-fault-happened.js';
import { ratio } from '../../protocol/scenario/expectations/ratio.js';
import { sweep } from '../../protocol/scenario/input.js';

const FIGURE = 'finalMeanSquaredError';
const stepSize = 0.05;
const EXACT = 1e-20;

const split = [during(200, 500, partition([0, 1, 2, 3], [4, 5, 6, 7]))];
const down = (memory: 'kept' | 'lost') => [at(300, crash({ client: 2, downRounds: 100, memory }))];

const PARTITION = { 'faults.0.fault': 'partition' };
const KEPT = { 'faults.0.memory': 'kept' };
const LOST = { 'faults.0.memory': 'lost' };

const of = (method: string, fault: object, expectation: ReturnType<typeof below>) =>
  where({ 'method.name': method, ...fault }, expectation);

export default sweep('crash-and-partition', {
  description:
    'A ring of eight that is split in two for 300 rounds, or of which one client is down for 100 and returns with its state or without. ' +
    'Gradient tracking and EXTRA reach the optimum after all but the last, which leaves a part of the old state in their sums; DGD returns to the same biased point.',
  base: {
    method: { name: 'gradient-tracking', stepSize },
    objective: {
      name: 'quadratic',
      dimension: 5,
      curvature: 'full',
      smallestEigenvalue: 0.5,
      largestEigenvalue: 2,
      centreSpread: 2,
    },
    data: 'none',
    clients: 8,
    rounds: 3_000,
    seed: 5,
    precision: 'float64',
    topology: { name: 'ring' },
    evaluation: { everyRounds: 50 },
    checkpoints: { everyRounds: null },
  },
  over: {
    method: [
      { name: 'gradient-tracking', stepSize },
      { name: 'extra', stepSize },
      { name: 'dgd', stepSize },
    ],
    faults: [split, down('kept'), down('lost')],
  },
  expect: [
    everyFaultHappened(),
    ...['gradient-tracking', 'extra'].flatMap((method) => [
      of(method, PARTITION, below({ of: FIGURE, value: EXACT })),
      of(method, KEPT, below({ of: FIGURE, value: EXACT })),
      of(method, LOST, above({ of: FIGURE, value: 1e-4 })),
    ]),
    // DGD keeps nothing but its iterate: the same biased point after each.
    ...[KEPT, LOST].map((fault) =>
      ratio({
        of: FIGURE,
        numerator: { 'method.name': 'dgd', ...fault },
        denominator: { 'method.name': 'dgd', ...PARTITION },
        least: 0.9999,
        most: 1.0001,
      }),
    ),
  ],
  expectedSeconds: 10,
});
