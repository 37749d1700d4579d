import { above } from '../../protocol/scenario/expectations/above.js';
import { below } from '../../protocol/scenario/expectations/below.js';
import { ratio } from '../../protocol/scenario/expectations/ratio.js';
import { scenario } from '../../protocol/scenario/input.js';

export default scenario('gradient-inversion', {
  description:
    'What one update reveals: handwritten digits are recovered exactly from the first dense layer. Neither clipping alone nor local steps prevent it; noise does. After many local steps a surrogate between the two models explains the update better than the start.',
  method: { name: 'fedavg', localEpochs: 1, batchSize: 10, clientLearningRate: 0.3 },
  objective: { name: 'small-network', hidden: [16], activation: 'sigmoid' },
  data: { name: 'mnist', size: 14, trainCount: 1_000, testCount: 500, partition: { name: 'iid' } },
  clients: 10,
  rounds: 3,
  precision: 'float64',
  checkpoints: { everyRounds: null },
  study: { name: 'gradient-inversion' },
  expect: [
    below({ of: 'error, noise 0', value: 1e-12 }),
    below({ of: 'error, clipping', value: 1e-12 }),
    below({ of: 'error, 20 local steps', value: 1e-12 }),
    // The error grows with the square of the noise, until it is that of a guess.
    ratio({ of: 'error, noise 0.1', over: 'error, noise 0.01', least: 70, most: 140 }),
    ratio({ of: 'error, noise 1', over: 'error, noise 0.1', least: 20, most: 140 }),
    above({ of: 'error, noise 1', value: 0.02 }),
    // 2.4 to 8.8 over seeds.
    above({ of: 'surrogateGain', value: 1.5 }),
  ],
  claims: [
    {
      claim: 'A surrogate model between the two models explains the update of many local steps better than the start',
      source: 'Zhu, Yao, Blaschko, ICML 2023: the premise of SME, as the authors’ code has it',
      judgedBy: [above({ of: 'surrogateGain', value: 1.5 })],
      text: 'reconstruction',
      note: 'The paper was not read, its code was. The premise alone, at the true examples of a small network; that the inversion recovers more is not tried.',
    },
  ],
  expectedSeconds: 10,
});
