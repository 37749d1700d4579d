import type { ScenarioInput } from '../../../protocol/scenario/input.js';
import { resolveScenario } from '../../../protocol/scenario/resolve.js';
import type { Scenario } from '../../../protocol/scenario/scenario.js';
import { loadCatalogue } from '../../run/catalogue.js';

/**
 * The run of all cases: its gradient is 2 x, in every entry and for every batch (curvature 2, centre 0, equal examples), so that
 * what a worker has to send can be written by hand. Dimension 3, 4 examples a client.
 */
export const PLAIN: ScenarioInput = {
  name: 'conformance',
  method: { name: 'sgd', batchSize: 4, optimizer: { name: 'sgd', learningRate: 0.25 } },
  objective: {
    name: 'quadratic',
    dimension: 3,
    smallestEigenvalue: 2,
    largestEigenvalue: 2,
    examples: 4,
    centreSpread: 0,
    exampleSpread: 0,
    initialValue: 0.5,
  },
  data: 'none',
  clients: 3,
  rounds: 8,
  precision: 'float64',
  devices: [{ clients: 'all', msPerRound: 3, msPerExample: 2 }],
  links: [{ latencyMs: 5, bandwidthMbps: null, jitterMs: 0 }],
};

/** PLAIN with changes, as a coordinator sends it. */
export async function scenarioOf(changes: Partial<ScenarioInput> = {}): Promise<Scenario> {
  return resolveScenario({ ...PLAIN, ...changes }, await loadCatalogue());
}

/** SHA-256 of the arrays that PLAIN reads: six empty ones, one empty one a client, and 0.5 three times as float64. */
export const PLAIN_READ = {
  data: 'acb88cc45a983fc5559854d1193217b31aa4efbbd52b0bf154ab0873194cf7a9',
  partition: 'f456c1ffc6a33cd5dae1ca90cf499aadeabb167b9e687175a8fc62476833374c',
  initialParameters: '2b8dcd88bbe70ce4a10c60bb5fdd469257663eba7e21f22eb996dabb9ee4871e',
};

/** Changes to PLAIN: every client sends to both others, with weights 1/3, and tracks the gradient 2 x. */
export const TRACKING: Partial<ScenarioInput> = {
  method: { name: 'gradient-tracking', stepSize: 0.25, batchSize: 4 },
  topology: { name: 'ring', weights: 'metropolis' },
};

/** Of the run that a coordinator under test serves: simulated, long after what arrives in time. */
export const DEADLINE_MS = 1000;

/** The run that a coordinator under test has to serve: PLAIN for one worker with two clients, for as many rounds as all cases take. */
export const SERVED: ScenarioInput = {
  ...PLAIN,
  clients: 2,
  participation: { deadlineMs: DEADLINE_MS },
  rounds: 300,
  checkpoints: { everyRounds: 1 },
  workers: { count: 1, onLoss: 'replay', joinTimeoutMs: 600_000, heartbeatMs: 3000, stallMs: 60_000, computeMs: 5000 },
  expect: [],
};

/** Of real time, long after a member of the kit has answered. */
export const WALL_DEADLINE_MS = 2000;

/** The same run under the wall clock: for cases of its deadlines, and of a run that fails. */
export const SERVED_WALL: ScenarioInput = {
  ...SERVED,
  name: 'conformance-wall',
  clock: 'wall',
  participation: { deadlineMs: WALL_DEADLINE_MS },
};

/** SHA-256 of what SERVED reads: as PLAIN_READ, of two clients. */
export const SERVED_READ = {
  ...PLAIN_READ,
  partition: '52f96c26a39ed25108a6db43d6e11c6051eba8a498a5baab1891adfa7ac7c262',
};
