import { join } from 'node:path';
import { expect } from 'chai';
import { readMetrics } from '../../../coordinator/run-directory/metrics.js';
import type { ScenarioInput } from '../../../protocol/scenario/input.js';
import { resumeRun } from '../../../scenarios/run/runtime.js';
import { runInput, type ScriptedRun } from '../../support/scripted-run.js';
import { socketRun } from '../../support/socket-run.js';

const problem: Omit<ScenarioInput, 'method'> = {
  name: 'iterate-average',
  objective: 'softmax-regression',
  data: { name: 'gaussian-clusters', examples: 60, testExamples: 30, noiseStddev: 3, partition: 'iid' },
  clients: 4,
  rounds: 6,
  seed: 5,
  checkpoints: { everyRounds: 2 },
  evaluation: { average: { decay: 0.8 } },
};
const server: ScenarioInput = { ...problem, method: { name: 'fedavg', batchSize: 4 } };
const peers: ScenarioInput = {
  ...problem,
  method: { name: 'gradient-tracking', stepSize: 0.05 },
  topology: 'ring',
};
const tasks: ScenarioInput = { ...problem, method: { name: 'fedbuff', bufferSize: 2 } };

const averagedIn = (path: string) =>
  readMetrics(join(path, 'metrics.csv')).map(({ extra }) => [extra.averagedLoss, extra.averagedAccuracy]);
const averaged = ({ record }: Pick<ScriptedRun, 'record'>) =>
  record.rows.map(({ extra }) => [extra.averagedLoss, extra.averagedAccuracy, extra.averagedConsensusError ?? null]);

describe('evaluation.average in every placement', function () {
  this.timeout(120_000);

  for (const [whose, input] of Object.entries({ server, peers, tasks }))
    it(`${whose}: has equal bits over sockets and in a run that was stopped and resumed, and changes none of the run`, async () => {
      const alone = await runInput(input);
      expect(averaged(alone).every(([loss]) => Number.isFinite(loss))).to.equal(true);
      expect(averaged(alone).at(-1)![0]).not.to.equal(alone.record.rows.at(-1)!.loss);
      expect(averaged(await socketRun(input, 2))).to.deep.equal(averaged(alone));
      const plain = await runInput({ ...input, evaluation: {} });
      expect(plain.outcome.stateDigest).to.equal(alone.outcome.stateDigest);

      const controller = new AbortController();
      let path = '';
      await runInput(input, {
        signal: controller.signal,
        watcher: {
          start: (_name, _rounds, folder) => {
            path = folder;
          },
          note: () => {},
          round: ({ round }) => {
            if (round === 3) controller.abort();
          },
        },
      }).catch(() => {});
      const resumed = await resumeRun(path, { directory: null, listen: null, signal: new AbortController().signal });
      expect(resumed.stateDigest).to.equal(alone.outcome.stateDigest);
      // Rows after the checkpoint are written again, from the averages that it holds.
      expect(averagedIn(path)).to.deep.equal(averagedIn(alone.path));
    });
});
