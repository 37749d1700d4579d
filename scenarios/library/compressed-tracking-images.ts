import { where } from '../../protocol/scenario/expectation.js';
import { above } from '../../protocol/scenario/expectations/above.js';
import { ratio } from '../../protocol/scenario/expectations/ratio.js';
import { sweep } from '../../protocol/scenario/input.js';

const stepSize = 0.05;
const batchSize = 32;
const cdproxsgt = { 'method.name': 'cdproxsgt' };
const dproxsgt = { 'method.name': 'dproxsgt' };
const choco = { 'method.name': 'choco-sgd' };
const FIGURES = "Yan et al., ICML 2023, read by eye from the figures in the authors' repository";
const OTHER_DATA = '150 steps on MNIST; the paper has 100 epochs on FashionMNIST.';

export default sweep('compressed-tracking-images', {
  description:
    'LeNet on handwritten digits, five peers on a ring, peer i with digits i and 9 - i alone, residuals cut to their largest 30 %: ' +
    'accuracy against bytes.',
  base: {
    method: { name: 'cdproxsgt' },
    objective: { name: 'lenet' },
    data: {
      name: 'mnist',
      size: 14,
      trainCount: 10_000,
      testCount: 1_000,
      partition: { name: 'class-lists', classes: '0 9, 1 8, 2 7, 3 6, 4 5' },
    },
    clients: 5,
    rounds: 150,
    topology: { name: 'ring' },
    codecs: { '*': { codec: { name: 'top-k', fraction: 0.3 }, scope: 'tensor' } },
    evaluation: { everyRounds: 25 },
    checkpoints: { everyRounds: null },
  },
  over: {
    method: [
      { name: 'dproxsgt', stepSize, batchSize },
      { name: 'choco-sgd', stepSize, batchSize, mixing: 0.5 },
      { name: 'beer', stepSize, batchSize, mixing: 0.5 },
      { name: 'cdproxsgt', stepSize, batchSize, trackerMixing: 0.5, iterateMixing: 0.5 },
    ],
  },
  expect: [
    where(cdproxsgt, above({ of: 'finalAccuracy', value: 0.75 })),
    where(dproxsgt, above({ of: 'finalAccuracy', value: 0.8 })),
    ratio({
      of: 'finalAccuracy',
      numerator: cdproxsgt,
      denominator: choco,
      least: 1.05,
    }),
    ratio({
      of: 'totalBytesPeer',
      numerator: dproxsgt,
      denominator: cdproxsgt,
      least: 2.5,
    }),
  ],
  claims: [
    {
      claim: 'Two classes a peer, top 30 %: CDProxSGT stays near the accuracy of DProxSGT (about 90 %)',
      source: FIGURES,
      where: cdproxsgt,
      against: dproxsgt,
      judgedBy: [
        ratio({ of: 'finalAccuracy', numerator: cdproxsgt, denominator: dproxsgt, least: 0.95, interval: true }),
      ],
      note: OTHER_DATA,
    },
    {
      claim: 'Two classes a peer, top 30 %: CHOCO-SGD ends at about half the accuracy of CDProxSGT (45 % of 90 %)',
      source: FIGURES,
      where: cdproxsgt,
      against: choco,
      judgedBy: [ratio({ of: 'finalAccuracy', numerator: cdproxsgt, denominator: choco, least: 1.5, interval: true })],
      note: OTHER_DATA,
    },
  ],
  expectedSeconds: 45,
});
