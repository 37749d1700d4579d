import { where } from '../../protocol/scenario/expectation.js';
import { below } from '../../protocol/scenario/expectations/below.js';
import { between } from '../../protocol/scenario/expectations/between.js';
import { sweep } from '../../protocol/scenario/scenario.js';

/** Diagonal quadratics f_i(x) = sum_j a_ij (x_j - c_ij)^2 / 2 of eight clients, far from each other. */
const CURVATURES = [
  [0.5, 2.0, 1.1],
  [0.7, 0.6, 1.9],
  [1.0, 1.3, 0.5],
  [1.4, 0.9, 0.8],
  [1.8, 0.5, 1.5],
  [2.0, 1.7, 0.6],
  [0.6, 1.1, 1.2],
  [1.2, 0.8, 2.0],
];
const CENTRES = [
  [3, -1, 2],
  [-2, 4, 0],
  [1, 1, -3],
  [0, -2, 5],
  [-4, 3, 1],
  [2, 0, -1],
  [5, -3, 2],
  [-1, 2, -4],
];
const STEPS = 10;
const RATE = 0.1;

/**
 * Excess loss of FedAvg's fixed point over the minimum. With K local steps client i ends at x - q_i (x - c_i),
 * q_i = 1 - (1 - rate a_i)^K, so the server stops where sum q_i (x - c_i) = 0; the minimum is where sum a_i (x - c_i) = 0.
 */
function fixedPointExcess(): number {
  let excess = 0;
  for (let j = 0; j < 3; j++) {
    const weightedMean = (weight: (a: number) => number) => {
      let sum = 0;
      let total = 0;
      for (const [i, row] of CURVATURES.entries()) {
        sum += weight(row[j]!) * CENTRES[i]![j]!;
        total += weight(row[j]!);
      }
      return sum / total;
    };
    const distance = weightedMean((a) => 1 - (1 - RATE * a) ** STEPS) - weightedMean((a) => a);
    const curvature = CURVATURES.reduce((sum, row) => sum + row[j]!, 0) / CURVATURES.length;
    excess += 0.5 * curvature * distance * distance;
  }
  return excess;
}

const fixedPoint = fixedPointExcess();

export default sweep('scaffold-client-drift', {
  description:
    'Client drift on heterogeneous quadratics: with ten local steps FedAvg stops at its closed-form fixed point, SCAFFOLD reaches the minimum.',
  base: {
    method: { name: 'fedavg' },
    objective: { name: 'quadratic', dimension: 3, matrices: CURVATURES, centres: CENTRES },
    data: 'none',
    clients: 8,
    rounds: 200,
    precision: 'float64',
  },
  over: {
    method: [
      { name: 'fedavg', localEpochs: STEPS, batchSize: 1, clientLearningRate: RATE },
      { name: 'scaffold', localSteps: STEPS, batchSize: 1, clientLearningRate: RATE },
    ],
  },
  expect: [
    where(
      { 'method.name': 'fedavg' },
      between({ of: 'finalLoss', least: fixedPoint * (1 - 1e-9), most: fixedPoint * (1 + 1e-9) }),
    ),
    where({ 'method.name': 'scaffold' }, below({ of: 'finalLoss', value: 1e-24 })),
  ],
  expectedSeconds: 2,
});
