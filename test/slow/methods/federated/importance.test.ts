import { expect } from 'chai';
import type { ScenarioInput } from '../../../../protocol/scenario/input.js';
import { resumeRun } from '../../../../scenarios/run/runtime.js';
import { runInput } from '../../../support/scripted-run.js';
import { socketRun } from '../../../support/socket-run.js';

const input: ScenarioInput = {
  name: 'importance',
  method: { name: 'sgd', batchSize: 4, importance: { by: 'gradient-norm', everyRounds: 4 } },
  objective: 'softmax-regression',
  data: { name: 'gaussian-clusters', examples: 60, testExamples: 30, noiseStddev: 3, partition: 'iid' },
  clients: 4,
  rounds: 7,
  seed: 5,
  checkpoints: { everyRounds: 2 },
};

describe('sgd with importance sampling', function () {
  this.timeout(120_000);

  it('has equal bits over sockets and in a run that was stopped and resumed between two passes for scores', async () => {
    const alone = await runInput(input);
    expect((await socketRun(input, 2)).outcome.stateDigest).to.equal(alone.outcome.stateDigest);
    const plain = await runInput({ ...input, method: { name: 'sgd', batchSize: 4 } });
    expect(plain.outcome.stateDigest).not.to.equal(alone.outcome.stateDigest);

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
  });

  it('draws nothing where the batch is the shard: the digest is that of uniform sampling', async () => {
    const method = { name: 'sgd', batchSize: 15 };
    const whole = await runInput({ ...input, method });
    const sampled = await runInput({ ...input, method: { ...method, importance: {} } });
    expect(sampled.outcome.stateDigest).to.equal(whole.outcome.stateDigest);
  });
});
