import { where } from '../../protocol/scenario/expectation.js';
import { below } from '../../protocol/scenario/expectations/below.js';
import { between } from '../../protocol/scenario/expectations/between.js';
import { sweep } from '../../protocol/scenario/input.js';
import { CENTRES, CURVATURES } from './parts/distant-quadratics.js';

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
