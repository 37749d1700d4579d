import { where } from '../../protocol/scenario/expectation.js';
import { above } from '../../protocol/scenario/expectations/above.js';
import { below } from '../../protocol/scenario/expectations/below.js';
import { ratio } from '../../protocol/scenario/expectations/ratio.js';
import { sweep } from '../../protocol/scenario/input.js';

const LOCAL = { localEpochs: 2, batchSize: 20, clientLearningRate: 0.1 };

/** Mean accuracy of the clients, above which each method ends. */
const PERSONAL = { fedper: 0.92, fedrep: 0.93, ditto: 0.93, pfedme: 0.85 };

const of = (name: string) => ({ 'method.name': name });

export default sweep('personalisation', {
  description:
    'Twenty clients with two handwritten digits each, every one evaluated on its own held-out examples: one model for all (FedAvg) against a head of their ' +
    'own (FedPer, FedRep) and a whole model of their own (Ditto, pFedMe).',
  base: {
    method: { name: 'fedavg' },
    objective: { name: 'small-network', hidden: [24] },
    data: {
      name: 'mnist',
      size: 14,
      trainCount: 3_000,
      testCount: 500,
      partition: { name: 'label-count', labelsPerClient: 2 },
    },
    clients: 20,
    rounds: 30,
    evaluation: { everyRounds: 5, perClient: { heldOut: 0.3 } },
    checkpoints: { everyRounds: null },
  },
  over: {
    method: [
      { name: 'fedavg', ...LOCAL },
      { name: 'fedper', ...LOCAL },
      { name: 'fedrep', ...LOCAL },
      { name: 'ditto', lambda: 0.1, personalEpochs: 2, ...LOCAL },
      { name: 'pfedme', lambda: 2, localSteps: 10, personalLearningRate: 0.1, clientLearningRate: 0.1 },
    ],
  },
  seeds: 3,
  expect: [
    where(of('fedavg'), below({ of: 'finalClientAccuracyMean', value: 0.85 })),
    ...Object.entries(PERSONAL).flatMap(([name, value]) => [
      where(of(name), above({ of: 'finalClientAccuracyMean', value })),
      // pFedMe: of the worst decile 1.1 to 2.5 over four times three other seeds, too wide to be expected.
      name === 'pfedme'
        ? ratio({ of: 'finalClientAccuracyMean', numerator: of(name), denominator: of('fedavg'), least: 1.1 })
        : ratio({ of: 'finalClientAccuracyWorstDecile', numerator: of(name), denominator: of('fedavg'), least: 1.3 }),
    ]),
    // The head, 24 x 10 + 10 of 4,978 numbers, stays at the client.
    ratio({ of: 'totalBytesUp', numerator: of('fedper'), denominator: of('fedavg'), least: 0.94, most: 0.96 }),
  ],
  expectedSeconds: 45,
});
