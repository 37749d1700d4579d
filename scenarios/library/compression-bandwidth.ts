import { above } from '../../protocol/scenario/expectations/above.js';
import { ratio } from '../../protocol/scenario/expectations/ratio.js';
import { type KindCodecInput, sweep } from '../../protocol/scenario/input.js';

/** Uplinks; null: unlimited. */
const MBPS = [10, 100, 1000, null];

/** Measured by `gradswarm bench codecs` on one core, rounded up: encoding and decoding of a number together. */
const CODING_NS = 20;

const CODECS: readonly KindCodecInput[] = [
  'identity',
  { name: 'int8-linear' },
  { codec: { name: 'top-k', fraction: 0.01, values: { name: 'bf16' } }, memory: 'error-feedback' },
];

const slow = { 'links.1.bandwidthMbps': 10 };
const unlimited = { 'links.1.bandwidthMbps': null };
const dense = { 'codecs.gradient.codec.name': 'identity' };
const sparse = { 'codecs.gradient.codec.name': 'top-k' };

export default sweep('compression-bandwidth', {
  description:
    'Where compression begins to pay: simulated time of the same training at 10 Mbit/s, 100 Mbit/s, 1 Gbit/s and on unlimited links, with the time of encoding and decoding counted.',
  base: {
    method: { name: 'sgd', batchSize: 20, optimizer: { name: 'sgd', learningRate: 0.1 } },
    objective: { name: 'mlp', hidden: [128] },
    data: { name: 'mnist', trainCount: 2_000, testCount: 1_000, partition: 'iid' },
    clients: 4,
    rounds: 60,
    evaluation: { everyRounds: 5 },
    checkpoints: { everyRounds: null },
    devices: [{ clients: 'all', msPerExample: 0.5, nsPerParameterCoded: CODING_NS }],
    // Downlinks are not studied here: the coordinator's messages arrive after the latency alone.
    expect: [above({ of: 'finalAccuracy', value: 0.75 })],
    links: [
      { bandwidthMbps: null, latencyMs: 5 },
      { direction: 'up', latencyMs: 5 },
    ],
  },
  over: {
    'links.1.bandwidthMbps': MBPS,
    'codecs.gradient': CODECS as never,
  },
  expect: [
    ratio({ of: 'simulatedMs', numerator: { ...slow, ...dense }, denominator: { ...slow, ...sparse }, least: 5 }),
    ratio({
      of: 'simulatedMs',
      numerator: { ...unlimited, ...dense },
      denominator: { ...unlimited, ...sparse },
      // 20 ms a round, and 20 ns for each of 101,770 parameters coded: 20 / 22.0354.
      least: 0.907,
      most: 0.908,
    }),
  ],
  expectedSeconds: 30,
});
