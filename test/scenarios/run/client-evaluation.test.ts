import { appendFileSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { defineMethod } from '../../../protocol/method.js';
import fedavg from '../../../protocol/methods/federated/fedavg.js';
import type { ScenarioInput } from '../../../protocol/scenario/input.js';
import { runTiny } from '../../../scenarios/check/parts/tiny-run.js';
import { resumeRun } from '../../../scenarios/run/runtime.js';
import { openProblem } from '../../../worker/problem.js';
import { resolved, runInput, WITH_REPORT } from '../../support/scripted-run.js';
import { socketRun } from '../../support/socket-run.js';

const input: ScenarioInput = {
  name: 'per-client',
  method: { name: 'scaffold', localSteps: 2, batchSize: 4 },
  objective: 'softmax-regression',
  data: { name: 'gaussian-clusters', examples: 120, testExamples: 30, noiseStddev: 3, partition: 'iid' },
  clients: 6,
  rounds: 6,
  seed: 3,
  checkpoints: { everyRounds: 2 },
  evaluation: { everyRounds: 2, perClient: { heldOut: 0.25 } },
};

const byClient = (path: string) => readFileSync(join(path, 'metrics-by-client.csv'), 'utf8');

describe('evaluation of each client', function () {
  this.timeout(120_000);

  it('has the same lines in one process, over sockets, and in a run that was stopped and resumed', async () => {
    const alone = await runInput(input);
    const lines = byClient(alone.path).trim().split('\n');
    expect(lines[0]).to.equal('round,client,metric,value');
    // Six figures of six clients after rounds 2, 4 and 6.
    expect(lines).to.have.length(1 + 6 * 6 * 3);
    expect(byClient((await socketRun(input, 2)).path)).to.equal(byClient(alone.path));

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
          if (round === 5) controller.abort();
        },
      },
    }).catch(() => {});
    // As a process leaves it that was killed after its last checkpoint.
    appendFileSync(join(path, 'metrics-by-client.csv'), '6,0,loss,9\n');
    const resumed = await resumeRun(path, { directory: null, listen: null, signal: new AbortController().signal });
    expect(resumed.stateDigest).to.equal(alone.outcome.stateDigest);
    expect(byClient(path)).to.equal(byClient(alone.path));
  });

  it('is what the columns sum up, and shows in the report', async () => {
    const { record, path } = await runInput(input, WITH_REPORT);
    const accuracies = byClient(path)
      .trim()
      .split('\n')
      .flatMap((line) => (line.startsWith('6,') && line.includes(',accuracy,') ? [Number(line.split(',')[3])] : []));
    expect(accuracies).to.have.length(6);
    const { extra } = record.rows.at(-1)!;
    expect(extra.clientAccuracyWorst).to.equal(Math.min(...accuracies));
    expect(record.rows[0]!.extra).to.not.have.property('clientLossMean');
    const report = readFileSync(join(path, 'report.html'), 'utf8');
    expect(report).to.include('client-loss-by-round').and.include('client-accuracy-distribution');
  });

  it('changes no bits of a run that holds nothing out, and no client trains on what is held out', async () => {
    const { evaluation: _, ...plain } = input;
    const before = await runInput(plain);
    const evaluated = await runInput({ ...plain, evaluation: { perClient: { heldOut: 0 } } });
    expect(evaluated.outcome.stateDigest).to.equal(before.outcome.stateDigest);
    const { partition, heldOut } = await openProblem(await resolved(input));
    expect(heldOut!.map(({ length }) => length)).to.deep.equal([5, 5, 5, 5, 5, 5]);
    const trained = new Set(partition.shards.all);
    expect([...heldOut!.all].filter((example) => trained.has(example))).to.deep.equal([]);
  });

  it('has what a client’s half measured, in every round, beside what is evaluated', async () => {
    const own = defineMethod({
      ...fedavg,
      client: {
        init: () => null,
        async round(state, at) {
          const [model] = await at.take('model');
          if (!model) return state;
          at.measure('shardSize', at.objective.exampleCount);
          at.post('update', 'coordinator', { delta: at.zeros(), examples: at.objective.exampleCount });
          return state;
        },
      },
    });
    const scenario = await resolved({ ...input, method: { name: 'fedavg' } });
    const rows: string[] = [];
    await runTiny(scenario, own as never, {
      clients: (round, found) => {
        for (const { client, figures } of found)
          if ('shardSize' in figures) rows.push(`${round},${client},${figures.shardSize}`);
      },
    });
    expect(rows).to.have.length(6 * 6);
    expect(rows[0]).to.equal('1,0,15');
  });

  it('has what a probe measured of each client; of figures that are named, percentiles, the worst tenth by their mode, and plots, in every placement', async () => {
    const measured: ScenarioInput = {
      ...input,
      method: { name: 'fedavg', localEpochs: 1, batchSize: 4 },
      evaluation: { everyRounds: 2, perClient: { heldOut: 0.25, figures: [{ of: 'alignment', mode: 'max' }] } },
      measure: [{ name: 'gradient-weight-alignment', kind: 'update' }],
      keepBest: { of: 'clientAlignmentMedian', mode: 'max' },
    };
    const { record, path, outcome } = await runInput(measured, WITH_REPORT);
    const values = (round: number) =>
      byClient(path)
        .split('\n')
        .flatMap((line) =>
          line.startsWith(`${round},`) && line.includes(',alignment,') ? [Number(line.split(',')[3])] : [],
        )
        .sort((a, b) => a - b);
    // A model of zeros has no direction: the first round has none. The others have, evaluated or not.
    expect(values(1)).to.deep.equal([]);
    for (const round of [2, 3, 6]) {
      const six = values(round);
      expect(six).to.have.length(6);
      const { extra } = record.rows[round - 1]!;
      expect(extra.clientAlignmentMean).to.be.closeTo(extra.alignment!, 1e-12);
      expect(extra.clientAlignmentMedian).to.be.closeTo((six[2]! + six[3]!) / 2, 1e-12);
      expect(extra.clientAlignmentP10).to.be.closeTo((six[0]! + six[1]!) / 2, 1e-12);
      expect([extra.clientAlignmentWorst, extra.clientAlignmentWorstDecile]).to.deep.equal([six[0], six[0]]);
    }
    const report = readFileSync(join(path, 'report.html'), 'utf8');
    expect(report).to.include('client-alignment-by-round').and.include('client-alignment-distribution');
    expect(report).to.not.include('metric-clientAlignment');
    const remote = await socketRun(measured, 2);
    expect(byClient(remote.path)).to.equal(byClient(path));
    expect(remote.record.rows.map(({ extra }) => extra.clientAlignmentP90)).to.deep.equal(
      record.rows.map(({ extra }) => extra.clientAlignmentP90),
    );
    // A probe and what is summarised of it change no bit.
    const { measure: _, keepBest: __, ...plain } = { ...measured, evaluation: { perClient: { heldOut: 0.25 } } };
    expect((await runInput(plain)).outcome.stateDigest).to.equal(outcome.stateDigest);
  });

  it('refuses figures that nothing gives, and those that are there in any case', async () => {
    const refused = async (of: string) => {
      const evaluation = { perClient: { figures: [{ of }] } };
      return resolved({ ...input, evaluation }).then(
        () => 'taken',
        (error: Error) => error.message,
      );
    };
    expect(await refused('alignmnt')).to.match(/evaluation\.perClient\.figures\.0\.of: .*'alignmnt'/);
    expect(await refused('loss')).to.match(/evaluation\.perClient\.figures\.0\.of: expected a figure of one's own/);
  });

  it('leaves what is held out out of the training loss too', async () => {
    const { family, partition, model } = await openProblem(await resolved(input));
    const all = partition.shards.all.slice();
    const [train, examples] = [
      await family.evaluateTraining!([model.initialParams]),
      await family.evaluateExamples!([model.initialParams], all),
    ];
    expect(all).to.have.length(90);
    expect(train.loss).to.equal(examples.loss);
  });

  it('without a data set gives the loss of each client: on a quadratic they differ', async () => {
    const { path } = await runInput({
      ...input,
      method: { name: 'fedavg' },
      objective: { name: 'quadratic', dimension: 3 },
      data: 'none',
    });
    const lines = byClient(path)
      .trim()
      .split('\n')
      .filter((line) => line.startsWith('6,'));
    expect(lines.filter((line) => line.includes(',accuracy,'))).to.deep.equal([]);
    const losses = lines.flatMap((line) => (line.includes(',loss,') ? [line.split(',')[3]!] : []));
    expect(new Set(losses).size).to.equal(6);
  });

  it('of peers is of each peer’s own estimate', async () => {
    const { record, path } = await runInput({ ...input, method: { name: 'dgd' }, topology: 'ring' });
    expect(byClient(path)).to.match(/^6,5,accuracy,/m);
    expect(record.rows.at(-1)!.extra).to.not.have.property('evaluationBytes');
  });
});
