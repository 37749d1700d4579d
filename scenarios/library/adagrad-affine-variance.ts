import { gradientNoise } from '../../protocol/faults/gradient-noise.js';
import { where } from '../../protocol/scenario/expectation.js';
import { finite } from '../../protocol/scenario/expectations/finite.js';
import { quantile } from '../../protocol/scenario/expectations/quantile.js';
import { slope } from '../../protocol/scenario/expectations/slope.js';
import { sweep } from '../../protocol/scenario/input.js';

const CLIENTS = 2;
/** sigma_1: at each client E |noise|^2 = sigma_0^2 + sigma_1^2 |gradient|^2. */
const AFFINE = 5;
/**
 * At curvature 1 a step of SGD multiplies the mean squared distance by (1 - rate)^2 + rate^2 sigma_1^2 / clients: it diverges from
 * this rate on, without the relative part from 2 on.
 */
const CRITICAL = 2 / (1 + AFFINE ** 2 / CLIENTS);

const BELOW = { 'method.optimizer.name': 'sgd', 'method.optimizer.learningRate': CRITICAL / 2 };
const ABOVE = { 'method.optimizer.name': 'sgd', 'method.optimizer.learningRate': 2 * CRITICAL };
const ADAGRAD = { 'method.optimizer.name': 'adagrad-norm' };
const relative = (relativeScale: number) => ({ 'faults.0.relativeScale': relativeScale });

/** The loss begins at 10. */
const converges = quantile({ of: 'finalLoss', share: 0.9, most: 1.5 });
const diverges = quantile({ of: 'finalLoss', share: 0.1, least: 100 });

export default sweep('adagrad-affine-variance', {
  description:
    'Gradient noise whose variance grows with the squared gradient (affine variance) on a quadratic, ten seeds: SGD diverges at a rate that is safe without ' +
    'the growing part; AdaGrad-Norm, which knows neither of the two constants, converges in nine runs of ten at rates of 1 to 100, and its loss falls as ' +
    'one over the root of the rounds where the noise is constant.',
  base: {
    method: { name: 'sgd', optimizer: 'sgd' },
    objective: {
      name: 'quadratic',
      dimension: 20,
      smallestEigenvalue: 1,
      largestEigenvalue: 1,
      centreSpread: 0,
      initialValue: 1,
    },
    data: 'none',
    clients: CLIENTS,
    rounds: 400,
    precision: 'float64',
    evaluation: { everyRounds: 20 },
    checkpoints: { everyRounds: null },
    expect: [finite({ growth: 'allowed' })],
  },
  over: {
    'method.optimizer': [
      ...[CRITICAL / 2, 2 * CRITICAL].map((learningRate) => ({ name: 'sgd', learningRate })),
      ...[1, 10, 100].map((learningRate) => ({ name: 'adagrad-norm', learningRate })),
    ],
    faults: [0, AFFINE].map((relativeScale) => [gradientNoise({ scale: 1, relativeScale })]),
  },
  seeds: 10,
  expect: [
    where({ ...BELOW, ...relative(AFFINE) }, converges),
    where({ ...ABOVE, ...relative(0) }, converges),
    where({ ...ABOVE, ...relative(AFFINE) }, diverges),
    where({ ...ADAGRAD, ...relative(AFFINE) }, converges),
    where(
      { ...ADAGRAD, 'method.optimizer.learningRate': 1, ...relative(0) },
      slope({ of: 'loss', fromRound: 100, least: -0.7, most: -0.3 }),
    ),
  ],
  claims: [
    {
      claim:
        'Under noise of affine variance SGD with AdaGrad stepsizes converges with high probability at any rate, knowing neither the smoothness nor the noise',
      source:
        'Attia and Koren, "SGD with AdaGrad stepsizes: full adaptivity with high probability to unknown parameters, unbounded gradients and affine variance", 2023',
      where: { ...ADAGRAD, ...relative(AFFINE) },
      judgedBy: [converges],
      text: 'reconstruction',
      note: 'The method and the claim are from memory, not checked against the paper. On a quadratic; at rates of 1 to 100',
    },
  ],
  expectedSeconds: 20,
});
