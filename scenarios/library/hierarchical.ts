import { where } from '../../protocol/scenario/expectation.js';
import { between } from '../../protocol/scenario/expectations/between.js';
import { ratio } from '../../protocol/scenario/expectations/ratio.js';
import { sweep } from '../../protocol/scenario/input.js';

const CLIENTS = 20;
const EDGES = 4;
const EDGE_ROUNDS = 5;

const rounds = (edgeRounds: number) => ({ 'method.edgeRounds': edgeRounds });
const often = { numerator: rounds(EDGE_ROUNDS), denominator: rounds(1) };

/** Models and updates of all clients below, for each one that an edge server sends up. */
const belowPerUp = (edgeRounds: number) => (edgeRounds * 2 * CLIENTS) / EDGES;

export default sweep('hierarchical', {
  description:
    'Twenty clients with two digits each, four edge servers near them and a coordinator far away, until 75 % are right: with five rounds at the edge for each one above, ' +
    'a fraction of the bytes crosses the slow links and less time passes, while about as many cross the fast ones. Bytes of both tiers are counted.',
  base: {
    method: { name: 'hierarchical-fedavg', localEpochs: 1, batchSize: 20, clientLearningRate: 0.05 },
    topology: { name: 'hierarchy', edges: EDGES },
    objective: { name: 'softmax-regression' },
    data: {
      name: 'mnist',
      size: 14,
      trainCount: 2_000,
      testCount: 1_000,
      partition: { name: 'label-count', labelsPerClient: 2 },
    },
    clients: CLIENTS + EDGES,
    rounds: 200,
    devices: [{ clients: 'all', msPerExample: 0.1, msPerRound: 0 }],
    links: [
      { direction: 'all', bandwidthMbps: 5, latencyMs: 100 },
      { direction: 'peer', bandwidthMbps: 100, latencyMs: 2 },
    ],
    stopWhen: [{ of: 'accuracy', above: 0.75 }],
    checkpoints: { everyRounds: null },
  },
  over: { 'method.edgeRounds': [1, EDGE_ROUNDS] },
  seeds: 3,
  expect: [
    ratio({ of: 'totalBytesUp', ...often, most: 0.4 }),
    ratio({ of: 'finalSimulatedMs', ...often, most: 0.5 }),
    // Below, progress goes by rounds at the edge: it takes about as many.
    ratio({ of: 'totalBytesPeer', ...often, least: 0.7, most: 1.6 }),
    ...[1, EDGE_ROUNDS].map((edgeRounds) =>
      where(
        rounds(edgeRounds),
        between({
          of: 'totalBytesPeer / totalBytesUp',
          least: 0.98 * belowPerUp(edgeRounds),
          most: 1.02 * belowPerUp(edgeRounds),
        }),
      ),
    ),
  ],
  expectedSeconds: 15,
});
