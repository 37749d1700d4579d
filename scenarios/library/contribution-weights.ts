import { byzantine } from '../../protocol/faults/byzantine.js';
import { where } from '../../protocol/scenario/expectation.js';
import { above } from '../../protocol/scenario/expectations/above.js';
import { below } from '../../protocol/scenario/expectations/below.js';
import { ratio } from '../../protocol/scenario/expectations/ratio.js';
import { sweep } from '../../protocol/scenario/input.js';

const LOCAL = { localEpochs: 1, batchSize: 20, clientLearningRate: 0.1 };
const ATTACK = [byzantine({ clients: [0], attack: { name: 'sign-flip', scale: 1 } })];
const attacked = (name: string) => ({ 'method.name': name, 'faults.0.fault': 'byzantine' });

export default sweep('contribution-weights', {
  description:
    'FedCE gives weight to clients that differ from the others. Of ten alike, one that flips the sign of its updates differs most: it gains ' +
    'weight, and the model is worse than that of FedAvg, whose step it only shortens. Fairness by difference and robustness pull apart.',
  base: {
    method: { name: 'fedce', ...LOCAL },
    objective: 'softmax-regression',
    data: { name: 'mnist', size: 14, trainCount: 2_000, testCount: 500, partition: 'iid' },
    clients: 10,
    rounds: 15,
    evaluation: { everyRounds: 15 },
    checkpoints: { everyRounds: null },
  },
  over: {
    method: [
      { name: 'fedavg', ...LOCAL },
      { name: 'fedce', ...LOCAL },
    ],
    faults: [[], ATTACK],
  },
  expect: [
    where({ 'method.name': 'fedce', faults: [] }, below({ of: 'finalLargestContribution', value: 0.16 })),
    where(attacked('fedce'), above({ of: 'final.contribution/0', value: 0.25 })),
    where(attacked('fedavg'), above({ of: 'finalAccuracy', value: 0.7 })),
    ratio({ of: 'finalAccuracy', numerator: attacked('fedce'), denominator: attacked('fedavg'), most: 0.92 }),
  ],
  expectedSeconds: 8,
});
