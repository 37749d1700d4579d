import { logNormalDevices } from '../../protocol/scenario/device-speeds.js';
import { ratio } from '../../protocol/scenario/expectations/ratio.js';
import { reaches } from '../../protocol/scenario/expectations/reaches.js';
import { sweep } from '../../protocol/scenario/input.js';

const clients = 60;
const WANTED = 10;
const INVITED = Math.ceil(1.3 * WANTED);
const DEADLINE_MS = 600;

const devices = (logStddev: number) =>
  logNormalDevices({ clients, seed: 7, msPerExample: 2, msPerRound: 10, logStddev }).map((device) => ({ ...device }));
const heavy = devices(1.2);
const equal = devices(0);

const FIRST = { 'participation.first': WANTED };
const DEADLINE = { 'participation.deadlineMs': DEADLINE_MS };

/** Simulated time over that of waiting for a whole cohort, both on the same devices. */
function overWaiting(rule: object, of: typeof heavy, bound: { readonly least?: number; readonly most?: number }) {
  // Device 0 is the default of all clients.
  const chosen = { 'devices.1.msPerExample': of[0]!.msPerExample };
  const denominator = { ...chosen, 'participation.cohort': WANTED };
  return ratio({ of: 'simulatedMs', numerator: { ...chosen, ...rule }, denominator, ...bound });
}

export default sweep('straggler-deadline', {
  description:
    'Simulated time of FedAvg until the loss is 0.5 where device speeds have a heavy tail: waiting for all ten of a cohort, for the ' +
    'first ten of thirteen, or until a deadline with a quorum of five. On equally fast devices there is little to gain.',
  base: {
    method: { name: 'fedavg', batchSize: 16, clientLearningRate: 0.05 },
    objective: 'softmax-regression',
    data: {
      name: 'gaussian-clusters',
      examples: 4_000,
      testExamples: 1_000,
      partition: { name: 'dirichlet', alpha: 0.3 },
    },
    clients,
    rounds: 1_000,
    links: [{ latencyMs: 20, jitterMs: 10, bandwidthMbps: 10 }],
    evaluation: { everyRounds: 5 },
    stopWhen: [{ of: 'loss', below: 0.5 }],
    checkpoints: { everyRounds: null },
  },
  over: {
    participation: [
      { cohort: WANTED },
      { cohort: INVITED, first: WANTED },
      { cohort: INVITED, deadlineMs: DEADLINE_MS, quorum: { count: 5 } },
    ],
    devices: [heavy, equal],
    seed: [1, 2, 3],
  },
  expect: [
    reaches({ loss: 0.5 }),
    overWaiting(FIRST, heavy, { most: 0.6 }),
    overWaiting(DEADLINE, heavy, { most: 0.7 }),
    overWaiting(FIRST, equal, { least: 0.7, most: 1.1 }),
    overWaiting(DEADLINE, equal, { least: 0.7, most: 1.3 }),
  ],
  expectedSeconds: 10,
});
