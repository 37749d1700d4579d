import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import type { ScenarioInput, SweepInput } from '../../../protocol/scenario/scenario.js';
import { resolveSweep } from '../../../protocol/scenario/sweep.js';
import { loadCatalogue } from '../../../scenarios/run/catalogue.js';
import type { RunWatcher } from '../../../scenarios/run/run.js';
import { goOn, resumeSweep, runSweep } from '../../../scenarios/run/runtime.js';
import { resolved, runInput, temporaryFolder } from '../../support/scripted-run.js';

const input: ScenarioInput = {
  name: 'again',
  method: { name: 'fedavg', batchSize: 10 },
  data: { name: 'gaussian-clusters', partition: 'iid' },
  clients: 4,
  rounds: 12,
  seed: 3,
  evaluation: { everyRounds: 12 },
  checkpoints: { everyRounds: 2 },
};

/** Aborts the run when this many rounds were done in all. */
function stopping(rounds: number) {
  const controller = new AbortController();
  let done = 0;
  const watcher: RunWatcher = {
    start: () => {},
    note: () => {},
    round: () => {
      if (++done === rounds) controller.abort();
    },
  };
  return { directory: null, listen: null, signal: controller.signal, watcher };
}

const messageOf = (run: Promise<unknown>) =>
  run.then(
    () => 'nothing was thrown',
    (error: Error) => error.message,
  );

describe('goOn', () => {
  it('begins, continues and returns how it ended, with the same call; another scenario in the folder is refused', async () => {
    const scenario = await resolved(input);
    const path = join(temporaryFolder(), 'run');
    for (const rounds of [3, 5])
      expect(await messageOf(goOn(scenario, path, stopping(rounds)))).to.match(/^ERR_STOPPED/);
    const ended = await goOn(scenario, path, stopping(100));
    expect(ended.outcome.stateDigest).to.equal((await runInput(input)).outcome.stateDigest);
    const files = readdirSync(path);
    const again = await goOn(scenario, path, stopping(100));
    expect(again.outcome).to.deep.equal(ended.outcome);
    expect(readdirSync(path)).to.deep.equal(files);
    expect(await messageOf(goOn({ ...scenario, seed: 4 }, path, stopping(100)))).to.match(
      /ERR_CHECKPOINT: .*expected this scenario, got a folder of another one/,
    );
  });

  it('resumes a sweep point by point, which reports what there is when it stops', async () => {
    const sweepInput: SweepInput = { sweep: 'again', base: input, over: { seed: [1, 2, 3] } } as never;
    const sweep = await resolveSweep(sweepInput, await loadCatalogue());
    const path = join(temporaryFolder(), 'sweep');
    expect(await messageOf(runSweep(sweep, { ...stopping(17), directory: path }))).to.match(
      /^ERR_STOPPED: 1 of 3 points are done, then: stopped after round 5 of 12.*'gradswarm resume .*sweep' continues the sweep, .*report\.html shows/,
    );
    const outcome = await resumeSweep(path, stopping(1000));
    const whole = await runSweep(sweep, { ...stopping(1000), directory: join(temporaryFolder(), 'whole') });
    const digests = (of: typeof whole) => of.points.map((point) => point.outcome.stateDigest);
    expect(digests(outcome)).to.deep.equal(digests(whole));
    expect(readFileSync(join(path, 'index.csv'), 'utf8').trim().split('\n')).to.have.length(4);
  });
});
