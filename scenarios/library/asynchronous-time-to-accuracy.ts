import { logNormalDevices } from '../../protocol/scenario/device-speeds.js';
import { ratio } from '../../protocol/scenario/expectations/ratio.js';
import { reaches } from '../../protocol/scenario/expectations/reaches.js';
import { sweep } from '../../protocol/scenario/input.js';

const clients = 50;
const local = { batchSize: 16, clientLearningRate: 0.05 };
const devices = (logStddev: number) =>
  logNormalDevices({ clients, seed: 7, msPerExample: 2, msPerRound: 10, logStddev }).map((device) => ({ ...device }));
const heavy = devices(1.5);
const equal = devices(0);

/** Time of a method over that of FedAvg, both on the same devices. */
function overRounds(name: string, of: typeof heavy, bound: { readonly least: number } | { readonly most: number }) {
  // Device 0 is the default of all clients.
  const chosen = { 'devices.1.msPerExample': of[0]!.msPerExample };
  const numerator = { ...chosen, 'method.name': name };
  return ratio({ of: 'simulatedMs', numerator, denominator: { ...chosen, 'method.name': 'fedavg' }, ...bound });
}

export default sweep('asynchronous-time-to-accuracy', {
  description:
    'Simulated time until the loss is 0.55, ten clients at work in each, under speeds of a log-normal law with sigma 1.5: a round of ' +
    'FedAvg waits for its slowest client, FedBuff and FedAsync do not. Rates are not tuned for each, and fast clients are used more often.',
  expectedSeconds: 30,
  base: {
    method: { name: 'fedavg' },
    objective: 'softmax-regression',
    data: {
      name: 'gaussian-clusters',
      examples: 4_000,
      testExamples: 1_000,
      partition: { name: 'dirichlet', alpha: 0.3 },
    },
    clients,
    participation: { cohort: 10 },
    rounds: 4_000,
    links: [{ latencyMs: 20, jitterMs: 10, bandwidthMbps: 10 }],
    evaluation: { everyRounds: 5 },
    stopWhen: [{ of: 'loss', below: 0.55 }],
    checkpoints: { everyRounds: null },
  },
  over: {
    method: [
      { name: 'fedavg', ...local },
      { name: 'fedbuff', bufferSize: 5, ...local },
      { name: 'fedasync', mixing: 0.2, ...local },
    ],
    devices: [heavy, equal],
    seed: [1, 2, 3],
  },
  expect: [
    reaches({ loss: 0.55 }),
    overRounds('fedbuff', heavy, { most: 0.4 }),
    overRounds('fedasync', heavy, { most: 0.4 }),
    // Equally fast devices keep no round waiting: FedBuff gains little, and FedAsync needs longer.
    overRounds('fedbuff', equal, { least: 0.4 }),
    overRounds('fedasync', equal, { least: 0.4 }),
  ],
});
