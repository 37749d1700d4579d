import { execFileSync, spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { packageRecord } from '../../../coordinator/run-directory/manifest.js';
import { temporaryFolder } from '../../support/scripted-run.js';
import { program } from '../debian.js';
import { Engine } from './engine.js';
import { imageArchive } from './image.js';

const { root } = packageRecord();
const CLI = join(root, 'dist', 'scenarios', 'cli.js');
const FILE = join(root, 'scenarios', 'swarm', 'compose.yaml');

const scenario = {
  name: 'composed',
  method: { name: 'fedavg', localEpochs: 1, batchSize: 16, clientLearningRate: 0.05 },
  objective: { name: 'softmax-regression' },
  data: { name: 'gaussian-clusters', features: 20, partition: { name: 'dirichlet', alpha: 0.5 } },
  clients: 6,
  rounds: 40,
  seed: 7,
};

describe('docker compose, on one machine', function () {
  this.timeout(600_000);
  let engine: Engine | null = null;
  const folder = temporaryFolder();
  const file = join(folder, 'composed.json');

  const compose = (...args: readonly string[]) =>
    spawnSync('docker-compose', ['--compatibility', '-f', FILE, '-p', 'composed', ...args], {
      encoding: 'utf8',
      env: {
        ...engine!.env,
        GRADSWARM_IMAGE: 'gradswarm:latest',
        GRADSWARM_SCENARIO: file,
        GRADSWARM_TOKEN: 'sixteen-characters-or-more',
        GRADSWARM_WORKERS: '3',
      },
    });

  before(async function () {
    const image = program('docker-compose', 'docker-compose') && (await imageArchive());
    engine = image ? await Engine.start() : null;
    if (!image || !engine) return this.skip();
    writeFileSync(file, JSON.stringify(scenario));
    engine.docker('load', '--quiet', '-i', image);
  });
  after(async () => {
    if (engine) compose('down', '--volumes');
    await engine?.stop();
  });

  it('up: three workers, all containers exit 0, the digest of one process; up again prints the verdict', () => {
    const alone = execFileSync(
      process.execPath,
      [CLI, 'run', file, '--workers', '0', '--json', '--out', join(folder, 'alone')],
      { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] },
    );
    const { stateDigest } = JSON.parse(alone);
    const up = compose('up', '--no-color');
    expect(up.status, up.stdout + up.stderr).to.equal(0);
    expect(up.stdout).to.include(`VALID  state ${stateDigest}`);
    const ended = engine!.docker('ps', '--all', '--format', '{{.Names}} {{.Status}}').trim().split('\n').sort();
    expect(ended.map((line) => line.replace(/Exited \((\d+)\).*/, '$1'))).to.deep.equal([
      'composed_coordinator_1 0',
      'composed_worker_1 0',
      'composed_worker_2 0',
      'composed_worker_3 0',
    ]);
    const again = compose('up', '--no-color', 'coordinator');
    expect(again.stdout).to.include(`VALID  state ${stateDigest}`);
  });
});
