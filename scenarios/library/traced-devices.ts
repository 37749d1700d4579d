import { availabilityTrace } from '../../protocol/faults/availability-trace.js';
import { bandwidthTrace } from '../../protocol/faults/bandwidth-trace.js';
import { speedTrace } from '../../protocol/faults/speed-trace.js';
import { where } from '../../protocol/scenario/expectation.js';
import { between } from '../../protocol/scenario/expectations/between.js';
import { everyFaultHappened } from '../../protocol/scenario/expectations/every-fault-happened.js';
import { ratio } from '../../protocol/scenario/expectations/ratio.js';
import { reaches } from '../../protocol/scenario/expectations/reaches.js';
import { sweep } from '../../protocol/scenario/input.js';
import { syntheticTraces } from './parts/synthetic-traces.js';

const CLIENTS = 24;
const DIMENSION = 20_000;
const RATE = 0.02;
const START = 10;
/** Distance from the optimum, per coordinate, at which a run ends. */
const END = 0.5;
const LOSS = (DIMENSION * END ** 2) / 2;
/** Of one local step on a device of speed 1. */
const STEP_MS = 100_000;
const DAY = 86_400;
const WATTS = { computing: 3, waiting: 0.5 };
const JOULES_PER_MEGABYTE = { up: 10, down: 5 };

/** The phones of docs/examples/device-traces.csv (the same seed) on a network a hundred times slower: messages then take a good part of a round. */
const ROWS = syntheticTraces({ clients: CLIENTS, seed: 7 }).map(
  ([client, time, available, speed, down, up]) => [client, time, available, speed, down / 100, up / 100] as const,
);
const columns = (...at: readonly number[]) => ({
  rows: ROWS.map((row) => [row[0], row[1], ...at.map((i) => row[i]!)]),
});
const AVAILABILITY = [availabilityTrace({ trace: columns(2), period: DAY })];
const TRACES = [
  speedTrace({ trace: columns(3), period: DAY }),
  bandwidthTrace({ trace: columns(4, 5), period: DAY }),
  ...AVAILABILITY,
];
/** Without the trace: speed 1 and the bandwidth that its draws have as their median. */
const MEDIAN = { down: 0.1, up: 0.025 };

/** Every matrix is the identity: in any set of clients, a round takes the share RATE of the way, and absences cost no rounds. */
const ROUNDS = Math.ceil(Math.log(END / START) / Math.log(1 - RATE));

/**
 * What a run costs in that many rounds, from the rows alone: a round ends when the slowest of those who are there when it begins has
 * received, computed and sent. Bytes are those of the vector, without framing.
 */
function derived(follows: { readonly presence: boolean; readonly devices: boolean }) {
  const megabytes = (DIMENSION * 4) / 1e6;
  const rowAt = (client: number, seconds: number) =>
    ROWS.find((row) => row[0] === client && seconds % DAY >= row[1] && seconds % DAY < row[1] + 1800)!;
  let [seconds, answers, joules] = [0, 0, 0];
  for (let round = 0; round < ROUNDS; round++) {
    let last = seconds;
    for (let client = 0; client < CLIENTS; client++) {
      const begun = rowAt(client, seconds);
      if (follows.presence && begun[2] === 0) continue;
      const received = (megabytes * 8) / (follows.devices ? begun[4] : MEDIAN.down);
      const computed = STEP_MS / 1000 / (follows.devices ? begun[3] : 1);
      const upMbps = follows.devices ? rowAt(client, seconds + received + computed)[5] : MEDIAN.up;
      last = Math.max(last, seconds + received + computed + (megabytes * 8) / upMbps);
      joules += WATTS.waiting * received + WATTS.computing * computed;
      joules += megabytes * (JOULES_PER_MEGABYTE.up + JOULES_PER_MEGABYTE.down);
      answers++;
    }
    seconds = last;
  }
  return { milliseconds: 1000 * seconds, presence: answers / (CLIENTS * ROUNDS), joules };
}

const PLAIN = { runs: { faults: [] }, ...derived({ presence: false, devices: false }) };
const ABSENT = { runs: { 'faults.0.fault': 'availability-trace' }, ...derived({ presence: true, devices: false }) };
const TRACED = { runs: { 'faults.0.fault': 'speed-trace' }, ...derived({ presence: true, devices: true }) };
const ALL = [PLAIN, ABSENT, TRACED];

/** Within 3 %: a run's rounds may be one more or one less (0.7 %), and framing is left out. */
const near = (value: number) => ({
  least: Number((0.97 * value).toPrecision(3)),
  most: Number((1.03 * value).toPrecision(3)),
});

export default sweep('traced-devices', {
  description:
    'FedAvg until it is near the optimum, on equal devices that are always there; with clients that come and go by a trace of phones; ' +
    'and with the speeds and bandwidths of that trace. Simulated time, answers and joules are those derived from the rows alone.',
  base: {
    method: { name: 'fedavg', localEpochs: 1, batchSize: 1, clientLearningRate: RATE },
    objective: {
      name: 'quadratic',
      dimension: DIMENSION,
      smallestEigenvalue: 1,
      largestEigenvalue: 1,
      initialValue: START,
    },
    data: 'none',
    clients: CLIENTS,
    rounds: 2 * ROUNDS,
    devices: [{ clients: 'all', msPerExample: STEP_MS }],
    links: [
      { direction: 'down', bandwidthMbps: MEDIAN.down },
      { direction: 'up', bandwidthMbps: MEDIAN.up },
    ],
    energy: [
      {
        clients: 'all',
        computeWatts: WATTS.computing,
        waitingWatts: WATTS.waiting,
        joulesPerMegabyteUp: JOULES_PER_MEGABYTE.up,
        joulesPerMegabyteDown: JOULES_PER_MEGABYTE.down,
      },
    ],
    stopWhen: [{ of: 'loss', below: LOSS }],
    checkpoints: { everyRounds: null },
  },
  over: { faults: [[], AVAILABILITY, TRACES] },
  expect: [
    everyFaultHappened(),
    reaches({ of: 'loss', below: LOSS, byRound: ROUNDS + 2 }),
    ...ALL.map(({ runs, milliseconds }) => where(runs, between({ of: 'simulatedMs', ...near(milliseconds) }))),
    // Of all clients.
    ...ALL.map(({ runs, joules }) => where(runs, between({ of: 'totalEnergyJoules', ...near(joules) }))),
    ...[ABSENT, TRACED].map(({ runs, presence }) =>
      ratio({ of: 'totalBytesUp', numerator: runs, denominator: PLAIN.runs, ...near(presence) }),
    ),
  ],
  expectedSeconds: 10,
});
