import { linearSolve } from '../../protocol/numerics/linear-algebra.js';
import { where } from '../../protocol/scenario/expectation.js';
import { below } from '../../protocol/scenario/expectations/below.js';
import { between } from '../../protocol/scenario/expectations/between.js';
import { sweep } from '../../protocol/scenario/input.js';
import { CENTRES, CURVATURES } from './parts/distant-quadratics.js';

const PEERS = CENTRES.length;
const STEP = 0.05;

/**
 * Mean squared error at which gradient descent with W stops: in each coordinate the peers' values z solve
 * (I - W + step diag(a)) z = step a c, with w = 1/3 for a peer of the ring and its two neighbours; the optimum is sum a c / sum a.
 */
function fixedPointError(): number {
  let squares = 0;
  for (let j = 0; j < 3; j++) {
    const a = CURVATURES.map((row) => row[j]!);
    const ac = CENTRES.map((row, i) => a[i]! * row[j]!);
    const matrix = new Float64Array(PEERS * PEERS);
    for (let i = 0; i < PEERS; i++) {
      matrix[i * PEERS + i] = 2 / 3 + STEP * a[i]!;
      for (const neighbour of [(i + 1) % PEERS, (i + PEERS - 1) % PEERS]) matrix[i * PEERS + neighbour] = -1 / 3;
    }
    const optimum = ac.reduce((sum, value) => sum + value, 0) / a.reduce((sum, value) => sum + value, 0);
    const z = linearSolve(
      matrix,
      ac.map((value) => STEP * value),
    );
    for (const value of z) squares += (value - optimum) ** 2;
  }
  return squares / PEERS;
}

const fixedPoint = fixedPointError();

export default sweep('gradient-tracking-ring', {
  description:
    'Eight peers on a ring without a server: decentralised gradient descent stops at its closed-form bias, gradient tracking reaches the minimum.',
  base: {
    method: { name: 'dgd' },
    objective: { name: 'quadratic', dimension: 3, matrices: CURVATURES, centres: CENTRES },
    data: 'none',
    clients: PEERS,
    rounds: 2000,
    precision: 'float64',
    topology: { name: 'ring' },
    evaluation: { everyRounds: 10 },
    checkpoints: { everyRounds: 500 },
  },
  over: {
    method: [
      { name: 'dgd', stepSize: STEP },
      { name: 'gradient-tracking', stepSize: STEP },
    ],
  },
  expect: [
    where(
      { 'method.name': 'dgd' },
      between({ of: 'finalMeanSquaredError', least: fixedPoint * (1 - 1e-9), most: fixedPoint * (1 + 1e-9) }),
    ),
    where({ 'method.name': 'gradient-tracking' }, below({ of: 'finalMeanSquaredError', value: 1e-24 })),
  ],
  expectedSeconds: 5,
});
