import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import type { ScenarioInput, SweepInput } from '../../../protocol/scenario/input.js';
import { resolveSweep } from '../../../protocol/scenario/sweep.js';
import { loadCatalogue } from '../../../scenarios/run/catalogue.js';
import type { RunWatcher } from '../../../scenarios/run/run.js';
import { continueRun, redrawReport, redrawSweep, resumeSweep, runSweep } from '../../../scenarios/run/runtime.js';
import { resolved, runInput, temporaryFolder, WITH_REPORT } from '../../support/scripted-run.js';

const input: ScenarioInput = {
  name: 'again',
  method: { name: 'fedavg', batchSize: 10 },
  data: { name: 'gaussian-clusters', examples: 1000, testExamples: 200, partition: 'iid' },
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

describe('continueRun', function () {
  this.timeout(120_000);

  it('begins, continues and returns how it ended, with the same call; another scenario in the folder is refused', async () => {
    const scenario = await resolved(input);
    const path = join(temporaryFolder(), 'run');
    for (const rounds of [3, 5])
      expect(await messageOf(continueRun(scenario, path, stopping(rounds)))).to.match(/^ERR_STOPPED/);
    const ended = await continueRun(scenario, path, stopping(100));
    expect(ended.outcome.stateDigest).to.equal((await runInput(input)).outcome.stateDigest);
    const files = readdirSync(path);
    const again = await continueRun(scenario, path, stopping(100));
    expect(again.outcome).to.deep.equal(ended.outcome);
    expect(readdirSync(path)).to.deep.equal(files);
    expect(await messageOf(continueRun({ ...scenario, seed: 4 }, path, stopping(100)))).to.match(
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

describe('the report of a folder, drawn again', function () {
  this.timeout(120_000);

  /** Without the numbers that Vega counts on through all pictures of a process. */
  const textOf = (path: string) =>
    readFileSync(join(path, 'report.html'), 'utf8').replace(/(clip|gradient_)\d+/g, '$1');

  it('of a run is the same page, with what its study drew', async () => {
    const { path } = await runInput(
      {
        name: 'studied',
        method: { name: 'fedavg', batchSize: 1, clientLearningRate: 1 },
        objective: 'softmax-regression',
        data: { name: 'gaussian-clusters', classes: 2, features: 4, examples: 8, testExamples: 4, partition: 'iid' },
        clients: 2,
        rounds: 2,
        seed: 1,
        precision: 'float64',
        study: { name: 'gradient-inversion' },
      },
      WITH_REPORT,
    );
    const before = textOf(path);
    expect(before.split('<svg').length).to.be.above(4);
    rmSync(join(path, 'report.html'));
    await redrawReport(path);
    expect(textOf(path)).to.equal(before);
  });

  it('of a sweep is the same page, and points that have none get theirs; an unfinished one reports what there is', async () => {
    const sweep = await resolveSweep(
      { sweep: 'again', base: input, over: { seed: [1, 2] } } as never,
      await loadCatalogue(),
    );
    const path = join(temporaryFolder(), 'sweep');
    const whole = await runSweep(sweep, { ...stopping(1000), directory: path });
    const before = textOf(path);
    const point = join(path, readdirSync(path).find((name) => name.startsWith('point-001'))!);
    for (const folder of [path, point]) rmSync(join(folder, 'report.html'));
    const drawn = await redrawSweep(path);
    expect([drawn.valid, drawn.points.length]).to.deep.equal([whole.valid, 2]);
    expect(textOf(path)).to.equal(before);
    expect(textOf(point)).to.include('<svg');
    rmSync(join(point, 'manifest.json'));
    const partial = await redrawSweep(path);
    expect([partial.valid, partial.points.length]).to.deep.equal(['unknown', 1]);
  });

  it('refuses a metrics.csv that was shortened: of an unfinished run below its checkpoint, of a finished one below its rounds', async () => {
    const scenario = await resolved(input);
    const path = join(temporaryFolder(), 'run');
    const shorten = () => {
      const file = join(path, 'metrics.csv');
      const lines = readFileSync(file, 'utf8').split('\n');
      writeFileSync(file, `${lines.slice(0, 3).join('\n')}\n`);
      return lines.join('\n');
    };
    expect(await messageOf(continueRun(scenario, path, stopping(6)))).to.match(/^ERR_STOPPED/);
    const whole = shorten();
    expect(await messageOf(redrawReport(path))).to.match(/^ERR_CHECKPOINT: .*metrics\.csv.*'gradswarm resume .*whole$/);
    writeFileSync(join(path, 'metrics.csv'), whole);
    await redrawReport(path);
    await continueRun(scenario, path, stopping(100));
    shorten();
    expect(await messageOf(redrawReport(path))).to.match(
      /^ERR_CHECKPOINT: .*metrics\.csv: expected 12 rows, one a round, got 2; the file is damaged/,
    );
  });
});
