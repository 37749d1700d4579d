import { drop } from '../../protocol/faults/drop.js';
import { always } from '../../protocol/faults/fault.js';
import { above } from '../../protocol/scenario/expectations/above.js';
import { below } from '../../protocol/scenario/expectations/below.js';
import { scenario } from '../../protocol/scenario/input.js';

export default scenario('secure-aggregation-dropout', {
  description:
    'Federated averaging of digits in which the coordinator sees only sums: masks from X25519 agreements, discrete Gaussian noise ' +
    'from the clients. A tenth of the masked updates is lost after the keys were shared; their masks are rebuilt from Shamir shares.',
  method: {
    name: 'dp-fedavg-secure',
    localEpochs: 2,
    batchSize: 16,
    clientLearningRate: 0.2,
    clippingRadius: 1,
    noiseMultiplier: 1,
    survivingShare: 0.6,
  },
  objective: { name: 'softmax-regression' },
  data: { name: 'mnist', size: 8, trainCount: 6_000, testCount: 2_000, partition: { name: 'iid' } },
  clients: 30,
  rounds: 15,
  faults: [always(drop({ kind: 'masked', probability: 0.1 })), always(drop({ kind: 'revealed', probability: 0.05 }))],
  expect: [
    above({ of: 'totalRecovered', value: 20 }),
    below({ of: 'totalAborted', value: 1 }),
    above({ of: 'finalAccuracy', value: 0.6 }),
  ],
  expectedSeconds: 25,
});
