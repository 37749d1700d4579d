import { where } from '../../protocol/scenario/expectation.js';
import { below } from '../../protocol/scenario/expectations/below.js';
import { between } from '../../protocol/scenario/expectations/between.js';
import { ratio } from '../../protocol/scenario/expectations/ratio.js';
import { sweep } from '../../protocol/scenario/input.js';

const WORKERS = 8;
const BATCH = 20;
/** Steps of a worker between two rounds: one pass over its 500 examples. */
const INNER_STEPS = 25;
const ROUNDS = 40;
const RATE = 0.05;

const inner = { name: 'fedavg', localEpochs: 1, batchSize: BATCH, clientLearningRate: RATE };
const NESTEROV = { name: 'momentum', learningRate: 0.7, momentum: 0.9, nesterov: true };
const DILOCO = { ...inner, serverOptimizer: NESTEROV };
const FEDAVG = inner;
const SGD = { name: 'sgd', batchSize: BATCH, optimizer: { name: 'sgd', learningRate: RATE } };
/** The strongest: momentum at every step, and communication at every step. */
const MOMENTUM = { name: 'sgd', batchSize: BATCH, optimizer: { ...NESTEROV, learningRate: RATE } };

const diloco = { 'method.serverOptimizer.name': 'momentum' };
const everyStep = { 'method.optimizer.name': 'sgd' };
const everyStepMomentum = { 'method.optimizer.name': 'momentum' };

export default sweep('diloco', {
  description:
    'DiLoCo: local steps, then an outer Nesterov step on what all workers moved (fedavg with a server optimizer). A small network on digits, eight ' +
    'workers, 1,000 steps each: with 25 steps a round it sends a 25th of what SGD sends that communicates at every step and ends ' +
    'at a lower loss; without the outer step it does not. Momentum at every step is better still, for several times the bytes.',
  base: {
    method: SGD,
    objective: { name: 'small-network', hidden: [32] },
    data: { name: 'mnist', size: 14, trainCount: WORKERS * BATCH * INNER_STEPS, testCount: 2_000, partition: 'iid' },
    clients: WORKERS,
    links: [{ bandwidthMbps: 10, latencyMs: 50 }],
    evaluation: { everyRounds: 20 },
    checkpoints: { everyRounds: null },
  },
  over: { method: [DILOCO, FEDAVG, SGD, MOMENTUM], rounds: [ROUNDS, ROUNDS * INNER_STEPS], seed: [1, 2, 3] },
  points: [
    { method: DILOCO, rounds: ROUNDS },
    { method: FEDAVG, rounds: ROUNDS },
    { method: SGD, rounds: ROUNDS * INNER_STEPS },
    { method: MOMENTUM, rounds: ROUNDS * INNER_STEPS },
  ],
  expect: [
    ratio({ of: 'totalBytes', numerator: everyStep, denominator: diloco, least: 24.9, most: 25.1 }),
    ratio({ of: 'finalLoss', numerator: diloco, denominator: everyStep, most: 0.9 }),
    ratio({
      of: 'finalLoss',
      numerator: diloco,
      denominator: { 'method.serverOptimizer.name': 'sgd' },
      most: 0.9,
    }),
    where(diloco, below({ of: 'finalLoss', value: 0.48 })),
    ratio({ of: 'finalLoss', numerator: everyStepMomentum, denominator: diloco, most: 1 }),
    where(everyStepMomentum, between({ of: 'roundsTo(loss<=0.48)', least: 3 * ROUNDS, most: ROUNDS * INNER_STEPS })),
    ratio({ of: 'finalSimulatedMs', numerator: everyStep, denominator: diloco, least: 5 }),
  ],
  expectedSeconds: 40,
});
