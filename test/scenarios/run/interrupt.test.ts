import { expect } from 'chai';
import { RunDirectory } from '../../../coordinator/run-directory/run-directory.js';
import type { ScenarioInput } from '../../../protocol/scenario/input.js';
import { resumeRun } from '../../../scenarios/run/runtime.js';
import { runSession } from '../../../scenarios/run/session.js';
import { resolved, runInput, temporaryFolder } from '../../support/scripted-run.js';

const input: ScenarioInput = {
  name: 'interrupted',
  method: { name: 'fedavg', batchSize: 5, localEpochs: 1 },
  data: { name: 'gaussian-clusters', partition: 'iid' },
  clients: 8,
  rounds: 100,
  seed: 3,
  evaluation: { everyRounds: 100 },
  checkpoints: { everyRounds: 10_000 },
};

describe('a run in one process', () => {
  it('lets timers run between its rounds and in them: one that stops it does, and resumed it ends in the undisturbed bits', async () => {
    const scenario = await resolved(input);
    const directory = RunDirectory.create({ root: temporaryFolder(), scenarioName: scenario.name, scenario });
    const controller = new AbortController();
    const timer = setTimeout(() => controller.abort(), 150);
    const message = await runSession(scenario, directory, { listen: null, signal: controller.signal }).then(
      () => 'it continued to the last round',
      (error: Error) => error.message,
    );
    clearTimeout(timer);
    expect(message).to.match(/^ERR_STOPPED: stopped after round \d+ of 100; run 'gradswarm resume /);
    const resumed = await resumeRun(directory.path, {
      directory: null,
      listen: null,
      signal: new AbortController().signal,
    });
    expect(resumed.stateDigest).to.equal((await runInput(input)).outcome.stateDigest);
  });
});
