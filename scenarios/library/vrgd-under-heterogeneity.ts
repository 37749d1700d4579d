import { scale } from '../../protocol/faults/scale.js';
import { where } from '../../protocol/scenario/expectation.js';
import { above } from '../../protocol/scenario/expectations/above.js';
import { below } from '../../protocol/scenario/expectations/below.js';
import { ratio } from '../../protocol/scenario/expectations/ratio.js';
import { sweep } from '../../protocol/scenario/input.js';

const iid = { 'data.partition.name': 'iid' };
const skewed = { 'data.partition.name': 'dirichlet' };
/** One client sends 100 times its gradient, and the spread that goes with it. */
const attack = [
  scale({ senders: [0], kind: 'gradient', factor: 100 }),
  scale({ senders: [0], kind: 'moments', factor: 100 ** 2 }),
];
const honest = { faults: [] };
const scaled = { 'faults.0.factor': 100 };
const whole = { 'codecs.gradient.codec.name': 'identity' };
const sparse = { 'codecs.gradient.codec.name': 'top-k' };

export default sweep('vrgd-under-heterogeneity', {
  description:
    'What besides sampling noise enters the signal-to-noise ratios: label skew makes most of the variance between clients drift, ' +
    'top-k sends most coordinates to the lower bound, and one client that sends 100 times its gradient is damped less, not more.',
  base: {
    method: {
      name: 'vrgd',
      batchSize: 16,
      subBatches: 2,
      optimizer: { name: 'sgd', learningRate: 0.5 },
    },
    measure: [{ name: 'gradient-noise-scale', kind: 'gradient', within: 'moments' }],
    objective: 'softmax-regression',
    data: { name: 'mnist', size: 8, trainCount: 4_000, testCount: 1_000 },
    clients: 16,
    rounds: 40,
    evaluation: { everyRounds: 10 },
    checkpoints: { everyRounds: null },
  },
  over: {
    'data.partition': ['iid', { name: 'dirichlet', alpha: 0.1 }],
    faults: [[], attack],
    'codecs.gradient': ['identity', { name: 'top-k', fraction: 0.05 }],
  },
  expect: [
    where({ ...iid, ...honest, ...whole }, below({ of: 'meanDriftShare', value: 0.1 })),
    where({ ...skewed, ...honest, ...whole }, above({ of: 'meanDriftShare', value: 0.6 })),
    ratio({
      of: 'meanShareAtGamma',
      numerator: { ...iid, ...honest, ...sparse },
      denominator: { ...iid, ...honest, ...whole },
      least: 1.8,
    }),
    ratio({
      of: 'meanSignalToNoise',
      numerator: { ...iid, ...scaled, ...whole },
      denominator: { ...iid, ...honest, ...whole },
      least: 1.2,
    }),
    // How much is lost depends on the digits that the scaled client has: 0.36 to 0.65 of the accuracy are left.
    ratio({
      of: 'finalAccuracy',
      numerator: { ...skewed, ...scaled, ...whole },
      denominator: { ...skewed, ...honest, ...whole },
      most: 0.85,
    }),
  ],
  expectedSeconds: 20,
});
