import { where } from '../../protocol/scenario/expectation.js';
import { above } from '../../protocol/scenario/expectations/above.js';
import { below } from '../../protocol/scenario/expectations/below.js';
import { ratio } from '../../protocol/scenario/expectations/ratio.js';
import { sweep } from '../../protocol/scenario/input.js';

const stepSize = 0.05;
const exact = ['dproxsgt', 'cdproxsgt', 'beer'];
const biased = ['dgd', 'choco-sgd', 'deepsqueeze'];

const biasRatio = (one: string, other: string, bounds: { least: number; most: number }) =>
  ratio({
    of: 'finalMeanSquaredError',
    numerator: { 'method.name': one },
    denominator: { 'method.name': other },
    ...bounds,
  });

export default sweep('compressed-gradient-tracking', {
  description:
    'Five peers on a ring with objectives far apart, messages cut to their largest 30 %: methods that track the gradient reach the ' +
    'minimum, decentralised descent and CHOCO stop at a bias. DGD and DProxSGT send whole vectors.',
  base: {
    method: { name: 'dgd' },
    objective: { name: 'quadratic', dimension: 20, curvature: 'full', smallestEigenvalue: 0.5, largestEigenvalue: 2 },
    data: 'none',
    clients: 5,
    rounds: 2500,
    precision: 'float64',
    topology: { name: 'ring' },
    codecs: { '*': { codec: { name: 'top-k', fraction: 0.3 } } },
    evaluation: { everyRounds: 25 },
    checkpoints: { everyRounds: null },
  },
  over: {
    method: [
      { name: 'dgd', stepSize },
      { name: 'choco-sgd', stepSize, mixing: 0.5 },
      { name: 'deepsqueeze', stepSize, mixing: 0.2 },
      { name: 'dproxsgt', stepSize },
      { name: 'cdproxsgt', stepSize, trackerMixing: 0.5, iterateMixing: 0.5 },
      { name: 'beer', stepSize, mixing: 0.2 },
    ],
  },
  expect: [
    ...exact.map((name) => where({ 'method.name': name }, below({ of: 'finalMeanSquaredError', value: 1e-12 }))),
    ...biased.map((name) => where({ 'method.name': name }, above({ of: 'finalMeanSquaredError', value: 1e-5 }))),
    // How far compression moves the bias: by little where residuals are sent, by more where the error is fed back.
    biasRatio('choco-sgd', 'dgd', { least: 1, most: 3 }),
    biasRatio('deepsqueeze', 'choco-sgd', { least: 3, most: 10 }),
  ],
  expectedSeconds: 30,
});
