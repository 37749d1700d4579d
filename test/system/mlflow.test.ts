import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { expect } from 'chai';
import { exportToMlflow } from '../../scenarios/recorded-runs/mlflow.js';
import { overviewOf } from '../../scenarios/recorded-runs/overview.js';
import { openRun } from '../../scenarios/run/open-run.js';
import { temporaryFolder } from '../support/scripted-run.js';
import { pythonWith } from './python.js';

const CLI = fileURLToPath(new URL('../../scenarios/cli.js', import.meta.url));

/** What MLflow reads of the only run: its state, a setting, the loss by round, its artifacts. */
const READ = `
import json, sys, mlflow
mlflow.set_tracking_uri(sys.argv[1])
client = mlflow.MlflowClient()
experiment, = [one for one in client.search_experiments() if one.name == 'gradient-tracking-ring']
runs = client.search_runs([experiment.experiment_id])
print(json.dumps([{
  'status': run.info.status,
  'method': run.data.params['method.name'],
  'verdict': run.data.tags['gradswarm.verdict'],
  'loss': [[m.step, m.value] for m in client.get_metric_history(run.info.run_id, 'loss')],
  'artifacts': [one.path for one in client.list_artifacts(run.info.run_id)],
} for run in runs]))
`;

describe('MLflow itself', () => {
  it('reads a sweep that was exported: every loss of every round, settings, state and files', function () {
    const python = pythonWith('mlflow-skinny==3.17.2');
    if (python === null) this.skip();
    const folder = temporaryFolder();
    const sweep = join(folder, 'sweep');
    const flags = ['run', 'gradient-tracking-ring', '--set', 'rounds=50', '--quiet', '--out', sweep];
    expect(spawnSync(process.execPath, [CLI, ...flags], { encoding: 'utf8' }).status).to.be.oneOf([0, 1]);
    const written = exportToMlflow([sweep], join(folder, 'mlruns'));
    expect(written).to.have.length(2);
    const env = { ...process.env, MLFLOW_ALLOW_FILE_STORE: 'true' };
    const store = pathToFileURL(join(folder, 'mlruns')).href;
    const { stdout, stderr, status } = spawnSync(python, ['-c', READ, store], { encoding: 'utf8', env });
    expect(status, stderr).to.equal(0);
    const read = JSON.parse(stdout) as {
      status: string;
      method: string;
      loss: [number, number][];
      artifacts: string[];
    }[];
    const methods = read.map(({ method }) => method);
    expect(methods.sort()).to.deep.equal(['dgd', 'gradient-tracking']);
    const runs = overviewOf(sweep).runs.map(openRun);
    for (const { status: state, loss, artifacts, method } of read) {
      expect(state).to.equal('FINISHED');
      expect(artifacts).to.include('report.html');
      const { rows } = runs.find(({ scenario }) => scenario.method.name === method)!;
      expect(loss).to.deep.equal(rows.flatMap((row) => (row.loss === null ? [] : [[row.round, row.loss]])));
    }
  });
});
