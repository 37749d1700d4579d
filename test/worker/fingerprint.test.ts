import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { RunDirectory } from '../../coordinator/run-directory/run-directory.js';
import type { ScenarioInput } from '../../protocol/scenario/input.js';
import { replayRun, resumeRun } from '../../scenarios/run/runtime.js';
import { runSession } from '../../scenarios/run/session.js';
import { differences } from '../../worker/fingerprint.js';
import { resolved, temporaryFolder } from '../support/scripted-run.js';

const rows = (slope: number) =>
  [
    'a,b,class',
    ...Array.from({ length: 60 }, (_, i) => `${Math.sin(i)},${Math.cos(slope * i)},${i % 2 ? 'x' : 'y'}`),
  ].join('\n');

const input = (path: string): ScenarioInput => ({
  name: 'read',
  method: { name: 'fedavg', batchSize: 8 },
  objective: 'softmax-regression',
  data: { name: 'csv-table', path, partition: 'iid' },
  clients: 2,
  rounds: 40,
  checkpoints: { everyRounds: 2 },
});

const options = { directory: null, listen: null, signal: new AbortController().signal };
const messageOf = (run: Promise<unknown>) =>
  run.then(
    () => 'nothing was thrown',
    (error: Error) => error.message,
  );

/** Every file of a folder, with its bytes. */
const contentsOf = (path: string) =>
  Object.fromEntries(
    readdirSync(path, { recursive: true, encoding: 'utf8' })
      .filter((name) => statSync(join(path, name)).isFile())
      .map((name) => [name, readFileSync(join(path, name), 'base64')]),
  );

describe('what a run read', () => {
  it('is in its manifest; a file that was edited before the run is resumed or replayed is refused by name', async () => {
    const folder = temporaryFolder();
    const file = join(folder, 'data.csv');
    writeFileSync(file, rows(0.1));
    const scenario = await resolved(input(file));
    const path = join(folder, 'run');
    const directory = RunDirectory.create({ root: folder, scenarioName: 'read', scenario, path });
    await runSession(scenario, directory, { listen: null, signal: options.signal });
    const manifest = JSON.parse(readFileSync(join(path, 'manifest.json'), 'utf8'));
    for (const what of ['data', 'partition', 'initialParameters'])
      expect(manifest.read[what]).to.match(/^[\da-f]{64}$/);
    writeFileSync(file, rows(0.2));
    expect(await messageOf(replayRun(path, { ...options, directory: join(folder, 'again') }))).to.match(
      /ERR_REPLAY: .*: the data differ from what the run read when it began/,
    );
    const before = contentsOf(path);
    expect(await messageOf(resumeRun(path, { ...options, rounds: 50 }))).to.match(
      /ERR_CHECKPOINT: .*: the data differ/,
    );
    expect(contentsOf(path), 'after a refused extension').to.deep.equal(before);
    writeFileSync(join(path, 'manifest.json'), JSON.stringify({ ...manifest, finishedAt: null }));
    const unfinished = contentsOf(path);
    expect(await messageOf(resumeRun(path, options))).to.match(
      /ERR_CHECKPOINT: .*: the data differ from what the run read/,
    );
    expect(contentsOf(path), 'after a refused resumption').to.deep.equal(unfinished);
    expect(readdirSync(folder), 'no folder of a refused replay').to.have.members(['data.csv', 'run']);
  });

  it('is named by what differs', () => {
    const one = { data: 'a', partition: 'b', initialParameters: 'c' };
    expect(differences(one, { ...one, partition: 'x' })).to.deep.equal(['the partition']);
    expect(differences(one, one)).to.deep.equal([]);
  });

  it('has to be the same in every worker: one that read other data is refused with status 3, and says why', function () {
    this.timeout(60_000);
    const cli = fileURLToPath(new URL('../../scenarios/cli.js', import.meta.url));
    const [here, there] = [temporaryFolder(), temporaryFolder()];
    writeFileSync(join(here, 'data.csv'), rows(0.1));
    writeFileSync(join(there, 'data.csv'), rows(0.2));
    const scenario = { ...input('data.csv'), workers: { count: 1, joinTimeoutMs: 60_000 } };
    writeFileSync(join(here, 's.json'), JSON.stringify(scenario));
    const script = `cd ${here} && node ${cli} run s.json --listen 127.0.0.1:0 --out run > log 2>&1 & \
      for i in $(seq 200); do url=$(grep -o 'ws://[0-9.:]*' ${here}/log) && break; sleep 0.1; done; \
      cd ${there} && node ${cli} worker --join $url --retry-for 0; echo status $?; kill $!; wait; cat ${here}/log`;
    const { stdout, stderr } = spawnSync('bash', ['-c', script], {
      encoding: 'utf8',
      env: { ...process.env, GRADSWARM_TOKEN: 'the token of this test' },
    });
    expect(stderr).to.match(/refused: the data .*that it read differ from the coordinator's/);
    expect(stdout).to.match(/^status 3$/m);
    expect(stdout).to.match(/worker-0 .* is refused: the data/);
  });
});
