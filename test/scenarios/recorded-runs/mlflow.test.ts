import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { exportToMlflow } from '../../../scenarios/recorded-runs/mlflow.js';
import { openRun } from '../../../scenarios/run/open-run.js';
import { run } from '../../../scenarios/run/program.js';

describe('a run in the layout of MLflow', () => {
  let root: string;
  let folder: string;
  const text = (...names: string[]) => readFileSync(join(folder, ...names), 'utf8');
  before(async () => {
    root = mkdtempSync(join(tmpdir(), 'gradswarm-mlflow-'));
    const method = { name: 'sgd', optimizer: { name: 'sgd', learningRate: 0.125 }, batchSize: 4 } as const;
    const data = { name: 'gaussian-clusters', examples: 40, testExamples: 20 } as const;
    await run(
      { name: 'one', method, objective: 'softmax-regression', data, clients: 4, rounds: 3 },
      { directory: join(root, 'run') },
    );
    [folder] = exportToMlflow([join(root, 'run')], join(root, 'store')) as [string];
  });
  after(() => rmSync(root, { recursive: true }));

  it('has each metric once a round: milliseconds since 1970, value, round', () => {
    const { rows, manifest } = openRun(join(root, 'run'));
    const started = Date.parse(manifest.startedAt);
    const lines = rows.map(({ round, loss, wallMs }) => `${Math.round(started + wallMs)} ${loss} ${round}`);
    expect(rows).to.have.length(3);
    expect(text('metrics', 'loss').split('\n')).to.deep.equal(lines);
  });

  it('has figures of the whole run at its last round', () => {
    const { summary } = openRun(join(root, 'run'));
    expect(text('metrics', 'finalLoss').split(' ').slice(1)).to.deep.equal([String(summary.finalLoss), '3']);
  });

  it('has settings as parameters by path, and the verdict as a tag', () => {
    expect(text('params', 'method.optimizer.learningRate')).to.equal('0.125');
    expect(text('params', 'objective.name')).to.equal('softmax-regression');
    expect(readdirSync(join(folder, 'params'))).to.not.include('name');
    expect(text('tags', 'gradswarm.verdict')).to.equal('valid');
    expect(text('meta.yaml')).to.contain('\nstatus: 3\n');
  });

  it('takes its own place when it is exported again', () => {
    exportToMlflow([join(root, 'run')], join(root, 'store'));
    expect(text('metrics', 'loss').split('\n')).to.have.length(3);
    expect(readdirSync(join(folder, '..')).sort()).to.have.length(2);
  });
});
