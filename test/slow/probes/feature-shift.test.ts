import { expect } from 'chai';
import type { ScenarioInput } from '../../../protocol/scenario/input.js';
import type { JsonObject } from '../../../protocol/settings/plain-data.js';
import { runInput } from '../../support/scripted-run.js';

const SEEDS = Array.from({ length: 24 }, (_, i) => 101 + i);
const CLIENTS = 6;
const FROM = 30;
const SGD = { name: 'sgd', batchSize: 32, optimizer: { name: 'sgd', learningRate: 0.1 } };
const FEDAVG = { name: 'fedavg', localEpochs: 1, batchSize: 20, clientLearningRate: 0.05 };
const CLUSTERS = { name: 'gaussian-clusters', classes: 5, examples: 1_200, testExamples: 50, separation: 4 };
const DIRICHLET = { name: 'dirichlet', alpha: 0.3 };
const DIGITS = { name: 'mnist', size: 8, trainCount: 2_000, testCount: 100, partition: 'iid' };

const FOUND = { window: 5, threshold: 5 };
const FAINT = { window: 10, memory: 40, threshold: 3 };

/** Over the seeds: runs without a change that have an alarm, and how many of the 48 rotated clients are found within one window. */
async function counts(method: JsonObject, data: ScenarioInput['data'], probe: { window: number; threshold: number }) {
  let [falseRuns, found] = [0, 0];
  for (const seed of SEEDS)
    for (const clients of [[], [1, 2]]) {
      const { record } = await runInput({
        name: 'shifts',
        method: method as never,
        objective: 'softmax-regression',
        data: data!,
        clients: CLIENTS,
        rounds: 60,
        seed,
        evaluation: { everyRounds: 60 },
        checkpoints: { everyRounds: null },
        faults: clients.length > 0 ? [{ fault: 'feature-skew', clients, rotation: 0.25, from: FROM }] : [],
        measure: [{ name: 'feature-shift', kind: method === SGD ? 'gradient' : 'update', ...probe }],
      });
      const isAlarm = (client: number, round: number) =>
        record.rows[round]!.extra[`featureShift/${client}`]! > probe.threshold;
      const rounds = Array.from({ length: 60 }, (_, round) => round);
      if (clients.length === 0) {
        if (rounds.some((round) => [0, 1, 2, 3, 4, 5].some((client) => isAlarm(client, round)))) falseRuns++;
      } else
        found += clients.filter((client) =>
          rounds.some((round) => round >= FROM && round < FROM + probe.window && isAlarm(client, round)),
        ).length;
    }
  return { falseRuns, found };
}

// Seeds 101 to 124, 6 clients, 60 rounds: 144 clients without a change in each row. The rate that docs/scenarios.md states, 1 in 1000 clients, gives a second
// run with an alarm in a row with probability 1 %; thresholds were chosen on seeds 1 to 24.
describe('false alarms and finds of the probe feature-shift', function () {
  this.timeout(300_000);
  const rows = [
    { name: 'digits, FedAvg', of: [FEDAVG, DIGITS, FOUND], least: 48 },
    { name: 'digits, plain SGD', of: [SGD, DIGITS, FOUND], least: 48 },
    {
      name: 'clusters of unequal shards, FedAvg',
      of: [FEDAVG, { ...CLUSTERS, partition: DIRICHLET }, FOUND],
      least: 44,
    },
    {
      name: 'clusters of unequal shards, plain SGD',
      of: [SGD, { ...CLUSTERS, partition: DIRICHLET }, FOUND],
      least: 43,
    },
    { name: 'clusters of like shards, plain SGD, a longer window', of: [SGD, CLUSTERS, FAINT], least: 40 },
  ] as const;
  for (const { name, of, least } of rows)
    it(`${name}: an alarm in at most 1 of 24 runs without a change; at least ${least} of 48 rotated clients found`, async () => {
      const { falseRuns, found } = await counts(...(of as unknown as Parameters<typeof counts>));
      expect(falseRuns).to.be.at.most(1);
      expect(found).to.be.at.least(least);
    });
});
