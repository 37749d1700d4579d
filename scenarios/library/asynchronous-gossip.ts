import { logNormalDevices } from '../../protocol/scenario/device-speeds.js';
import { ratio } from '../../protocol/scenario/expectations/ratio.js';
import { reaches } from '../../protocol/scenario/expectations/reaches.js';
import { sweep } from '../../protocol/scenario/input.js';

const clients = 16;
const peers = { batchSize: 16, stepSize: 0.1 };
const devices = (logStddev: number) =>
  logNormalDevices({ clients, seed: 7, msPerExample: 2, msPerRound: 10, logStddev }).map((device) => ({ ...device }));
const heavy = devices(1.5);
const equal = devices(0);

/** Time of AD-PSGD over that of gossip in rounds, both on the same devices. */
function overRounds(of: typeof heavy, bound: { readonly least?: number; readonly most: number }) {
  // Device 0 is the default of all clients.
  const chosen = { 'devices.1.msPerExample': of[0]!.msPerExample };
  const numerator = { ...chosen, 'method.name': 'ad-psgd' };
  return ratio({ of: 'simulatedMs', numerator, denominator: { ...chosen, 'method.name': 'dgd' }, ...bound });
}

export default sweep('asynchronous-gossip', {
  description:
    'Simulated time until the mean of 16 peers on a ring has a loss of 0.5, under speeds of a log-normal law with sigma 1.5: a round of gossip ' +
    'waits for the slowest peer, a meeting of AD-PSGD for two. Shards are alike, so that it does not matter that fast peers count more.',
  expectedSeconds: 15,
  base: {
    method: { name: 'dgd' },
    objective: 'softmax-regression',
    data: { name: 'gaussian-clusters', examples: 4_000, testExamples: 1_000, partition: 'iid' },
    topology: 'ring',
    clients,
    rounds: 20_000,
    links: [{ latencyMs: 5, bandwidthMbps: 10 }],
    evaluation: { everyRounds: 5 },
    stopWhen: [{ of: 'loss', below: 0.5 }],
    checkpoints: { everyRounds: null },
  },
  over: {
    method: [
      { name: 'dgd', ...peers },
      { name: 'ad-psgd', ...peers },
    ],
    devices: [heavy, equal],
    seed: [1, 2, 3],
  },
  // Equally fast devices: as many gradients in the same time, each of an older model.
  expect: [reaches({ loss: 0.5 }), overRounds(heavy, { most: 0.1 }), overRounds(equal, { least: 0.8, most: 1.2 })],
});
