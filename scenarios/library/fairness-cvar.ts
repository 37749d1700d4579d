import { where } from '../../protocol/scenario/expectation.js';
import { above } from '../../protocol/scenario/expectations/above.js';
import { ratio } from '../../protocol/scenario/expectations/ratio.js';
import { sweep } from '../../protocol/scenario/input.js';

const RATE = 0.5;
const MEAN = { 'method.spectrum': 'mean' };
/** All examples of a client in one step: the four differ in nothing but the weights of the clients. */
const WHOLE = { localEpochs: 1, batchSize: 1_000 };

const Q_0 = { 'method.name': 'q-ffl', 'method.q': 0 };
const Q_1 = { 'method.name': 'q-ffl', 'method.q': 1 };

const againstMean = (
  method: Readonly<Record<string, string>>,
  of: string,
  bound: { most: number } | { least: number },
) => ratio({ of, numerator: method, denominator: MEAN, ...bound });

export default sweep('fairness-cvar', {
  description:
    'Ten clients with one handwritten digit each, some harder than others, evaluated each on its own held-out examples: CVaR of the worst three clients ' +
    '(Prospect) and the agnostic mixture lower the loss of the worst tenth of the clients at hardly any price in mean accuracy; q-FFL does too against q = 0 at the same mean loss.',
  base: {
    method: { name: 'prospect' },
    objective: 'softmax-regression',
    data: {
      name: 'mnist',
      size: 14,
      trainCount: 4_000,
      testCount: 500,
      partition: { name: 'label-count', labelsPerClient: 1 },
    },
    clients: 10,
    rounds: 150,
    evaluation: { everyRounds: 15, perClient: { heldOut: 0.3 } },
    checkpoints: { everyRounds: null },
  },
  over: {
    method: [
      { name: 'prospect', spectrum: 'mean', learningRate: RATE },
      { name: 'prospect', spectrum: 'cvar', level: 0.7, shiftCost: 1, learningRate: RATE },
      { name: 'afl', learningRate: RATE, weightLearningRate: 0.01 },
      { name: 'q-ffl', q: 0, clientLearningRate: 0.25, ...WHOLE },
      { name: 'q-ffl', q: 1, clientLearningRate: 10, ...WHOLE },
    ],
  },
  seeds: 3,
  expect: [
    where(MEAN, above({ of: 'finalClientAccuracyMean', value: 0.85 })),
    // 0.83 to 0.93 and 0.80 to 0.95 over ten times three other seeds; 1 where the weights are equal.
    againstMean({ 'method.spectrum': 'cvar' }, 'finalClientLossWorstDecile', { most: 0.97 }),
    againstMean({ 'method.name': 'afl' }, 'finalClientLossWorstDecile', { most: 0.98 }),
    againstMean({ 'method.spectrum': 'cvar' }, 'finalClientAccuracyMean', { least: 0.95 }),
    // At the same mean loss: q-FFL is slower, and a model that has learnt less is less unfair.
    ratio({ of: 'finalClientLossMean', numerator: Q_1, denominator: Q_0, most: 1.03 }),
    ratio({ of: 'finalClientLossWorstDecile', numerator: Q_1, denominator: Q_0, most: 0.94 }),
  ],
  expectedSeconds: 30,
});
