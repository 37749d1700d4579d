import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import type { ScenarioInput } from '../../../protocol/scenario/input.js';
import { parseAxis } from '../../../scenarios/search/axis.js';
import { costOf, ranked } from '../../../scenarios/search/ranking.js';
import { type SearchRequest, search } from '../../../scenarios/search/search.js';
import { runInput, temporaryFolder } from '../../support/scripted-run.js';

const input: ScenarioInput = {
  name: 'searched',
  method: { name: 'fedavg', batchSize: 5 },
  data: { name: 'gaussian-clusters', examples: 1000, testExamples: 200, partition: 'iid' },
  clients: 3,
  rounds: 4,
  seed: 7,
  expect: [{ name: 'above', of: 'finalAccuracy', value: 2 }],
};

const request: SearchRequest = {
  axes: [parseAxis('method.clientLearningRate=0.0001,0.1')],
  goal: { figure: 'finalLoss', best: 'min' },
  strategy: 'grid',
  trials: null,
  seed: 1,
  keepOneIn: 3,
  seeds: 2,
};

const options = (directory: string | null) => ({ directory, listen: null, signal: new AbortController().signal });

const messageOf = (task: Promise<unknown>) =>
  task.then(
    () => 'nothing was thrown',
    (error: Error) => error.message,
  );

const outcome = (summary: object) => ({ summary }) as never;

describe('search', function () {
  this.timeout(120_000);

  it('ranks the trials by the mean over the seeds of what each run alone gives, and counts every run', async () => {
    const folder = join(temporaryFolder(), 'found');
    const { best, rungs, cost } = await search(input, request, options(folder));
    const alone = async (clientLearningRate: number, seed: number) => {
      const { method, expect: _, ...rest } = input;
      const run = await runInput({ ...rest, method: { ...(method as object), clientLearningRate } as never, seed });
      return run.outcome.summary;
    };
    const [a, b] = [await alone(0.1, 7), await alone(0.1, 8)];
    expect(best.values).to.deep.equal({ 'method.clientLearningRate': 0.1 });
    expect(best.scores).to.deep.equal([a.finalLoss, b.finalLoss]);
    expect(best.score).to.equal(((a.finalLoss as number) + (b.finalLoss as number)) / 2);
    expect(rungs[0]!.trials.map(({ values }) => values['method.clientLearningRate'])).to.deep.equal([0.1, 0.0001]);
    expect(cost).to.include({ runs: 4, rounds: 16, privacy: null });
    expect(cost.bytes).to.equal(4 * ((a.bytesUp as number) + (a.bytesDown as number)));

    // Again: nothing is run, and the same is returned. Another search is refused.
    const files = readdirSync(join(folder, 'rung-1'));
    const again = await search(input, request, options(folder));
    expect(again.best).to.deep.equal(best);
    expect(readdirSync(join(folder, 'rung-1'))).to.deep.equal(files);
    expect(await messageOf(search(input, { ...request, seeds: 1 }, options(folder)))).to.match(
      /^ERR_USAGE: --out .*expected this search, got the folder of another one/,
    );
    expect(JSON.parse(readFileSync(join(folder, 'search.json'), 'utf8')).best).to.deep.equal(best);
  });

  it('a search that was stopped continues with the same command and ends as one that was not', async () => {
    const whole = await search(input, request, options(join(temporaryFolder(), 'whole')));
    const folder = join(temporaryFolder(), 'stopped');
    const controller = new AbortController();
    let rounds = 0;
    const watcher = { start: () => {}, note: () => {}, round: () => void (++rounds === 6 && controller.abort()) };
    const stopped = await messageOf(search(input, request, { ...options(folder), signal: controller.signal, watcher }));
    expect(stopped).to.match(/^ERR_STOPPED/);
    const continued = await search(input, request, options(folder));
    expect(continued.best).to.deep.equal(whole.best);
    expect(continued.rungs[0]!.trials).to.deep.equal(whole.rungs[0]!.trials);
  });

  it('halving runs the best of a rung again for more rounds, the last one for all of them', async () => {
    const halving: SearchRequest = {
      ...request,
      axes: [parseAxis('method.clientLearningRate=0.0001,0.001,0.1')],
      strategy: 'halving',
      trials: 3,
      seeds: 1,
    };
    const { rungs, best, cost } = await search(input, halving, options(join(temporaryFolder(), 'halving')));
    expect(rungs.map(({ rounds, trials }) => [rounds, trials.length])).to.deep.equal([
      [1, 3],
      [4, 1],
    ]);
    expect(best.values).to.deep.equal(rungs[0]!.trials[0]!.values);
    expect(cost).to.include({ runs: 4, rounds: 3 * 1 + 4 });
  });

  it('a path that does not exist is refused before anything is written', async () => {
    const folder = join(temporaryFolder(), 'none');
    const axes = [parseAxis('method.clientLearningRat=1')];
    expect(await messageOf(search(input, { ...request, axes }, options(folder)))).to.match(
      /^ERR_SCENARIO: .*method\.clientLearningRat.*clientLearningRate/s,
    );
    expect(existsSync(folder)).to.equal(false);
  });
});

describe('the ranking of a search', () => {
  it('puts a trial last that has no finite figure at one of its seeds', () => {
    const trials = [{ a: 1 }, { a: 2 }, { a: 3 }];
    const outcomes = [
      [outcome({ finalLoss: 0.1 }), outcome({ finalLoss: 'Infinity' })],
      [outcome({ finalLoss: 5 }), outcome({ finalLoss: 7 })],
      [outcome({ finalLoss: 1 }), outcome({ finalLoss: 2 })],
    ];
    const order = ranked(trials, outcomes, { figure: 'finalLoss', best: 'min' });
    expect(order.map(({ values, score }) => [values.a, score])).to.deep.equal([
      [3, 1.5],
      [2, 6],
      [1, null],
    ]);
  });

  it('three private runs of epsilon 2 at delta 1e-5 cost epsilon 6 at delta 3e-5 together', () => {
    const private3 = [1, 2, 3].map(() => outcome({ rounds: 4, finalEpsilon: 2, private: true }));
    const { privacy, rounds } = costOf(private3, 1e-5);
    expect(rounds).to.equal(12);
    expect(privacy).to.include({ epsilon: 6, private: true });
    expect(privacy!.delta).to.be.closeTo(3e-5, 1e-18);
    // One whose noise comes from the seed makes all of it not private; one without noise makes it infinite.
    const seeded = outcome({ finalEpsilon: 2, private: false });
    expect(costOf([...private3, seeded], 1e-5).privacy).to.include({ epsilon: 8, private: false });
    for (const finalEpsilon of ['Infinity', undefined])
      expect(costOf([...private3, outcome({ finalEpsilon, private: false })], 1e-5).privacy).to.include({
        epsilon: 'Infinity',
        private: false,
      });
    expect(costOf([outcome({ rounds: 4 })], 1e-5).privacy).to.equal(null);
  });
});
