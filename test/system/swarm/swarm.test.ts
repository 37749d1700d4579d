import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'chai';
import { packageRecord } from '../../../coordinator/run-directory/manifest.js';
import { temporaryFolder } from '../../support/scripted-run.js';
import { Commands } from './commands.js';
import { Engine } from './engine.js';
import { imageArchive } from './image.js';

const { root } = packageRecord();
const MB = 1e6;

const scenario = {
  name: 'fleet',
  method: { name: 'fedavg', localEpochs: 1, batchSize: 16, clientLearningRate: 0.05 },
  objective: { name: 'softmax-regression' },
  data: { name: 'gaussian-clusters', features: 50, partition: { name: 'dirichlet', alpha: 0.5 } },
  clients: 12,
  seed: 7,
  checkpoints: { everyRounds: 20 },
  workers: { joinTimeoutMs: 300_000 },
};

describe('a docker swarm', function () {
  this.timeout(900_000);
  let engine: Engine | null = null;
  const folder = temporaryFolder();
  const file = join(folder, 'fleet.json');
  let commands: Commands | null = null;

  before(async function () {
    const image = await imageArchive();
    engine = image ? await Engine.start() : null;
    if (!image || !engine) return this.skip();
    writeFileSync(file, JSON.stringify({ ...scenario, rounds: 60 }));
    commands = new Commands(engine, folder, file);
    engine.docker('load', '--quiet', '-i', image);
    engine.docker('swarm', 'init', '--advertise-addr', '127.0.0.1');
  });
  after(async () => {
    commands?.kill('SIGKILL');
    await engine?.stop();
  });

  const gradswarm = (...args: readonly string[]) => commands!.gradswarm(...args);
  const digestAlone = (rounds: number) => commands!.digestAlone(rounds);
  const names = (...args: readonly string[]) => commands!.names(...args);

  it('the image: at most 200 MB over its base, not root, its health asked for, its commit in the label', () => {
    const [image] = JSON.parse(engine!.docker('image', 'inspect', 'gradswarm:latest'));
    const [base] = JSON.parse(engine!.docker('image', 'inspect', 'node:20-bookworm-slim'));
    expect((image.Size - base.Size) / MB).to.be.below(200);
    expect(image.Config.User).to.equal('node');
    expect(image.Config.StopSignal).to.equal('SIGTERM');
    expect(image.Config.Healthcheck.Test.at(-1)).to.match(/health-check\.js$/);
    expect(image.Config.Labels['org.opencontainers.image.revision']).to.equal('c0ffee');
  });

  it('docker run IMAGE run SCENARIO: the volume is written by a user who is not root, the record names the commit', async () => {
    const args = [
      'run',
      '--rm',
      '--network',
      'host',
      '-v',
      'alone:/runs',
      '-v',
      `${file}:/scenario.json:ro`,
      'gradswarm:latest',
    ];
    const text = engine!.docker(...args, 'run', '/scenario.json', '--workers', '2');
    expect(text).to.include(digestAlone(60));
    const manifest = JSON.parse(
      engine!.docker(
        'run',
        '--rm',
        '--network',
        'none',
        '-v',
        'alone:/runs',
        '--entrypoint',
        'cat',
        'gradswarm:latest',
        '/runs/latest/manifest.json',
      ),
    );
    expect(manifest.commit).to.equal('c0ffee');
  });

  it('up: the digest of one process, the run fetched, exit status by the verdict, nothing left behind', async () => {
    const { status, out, err } = await gradswarm('swarm', 'up', file, '--workers', '3');
    expect(status, err).to.equal(0);
    expect(out).to.include(`VALID  state ${digestAlone(60)}`);
    const [run] = readdirSync(join(folder, 'runs', 'fleet'));
    expect(JSON.parse(readFileSync(join(folder, 'runs', 'fleet', run!, 'manifest.json'), 'utf8')).transport).to.equal(
      'websockets, 3 worker processes',
    );
    expect(names('stack', 'ls', '--format', '{{.Name}}')).to.deep.equal([]);
    for (const what of ['secret', 'config']) expect(names(what, 'ls', '--quiet')).to.deep.equal([]);
    expect(names('volume', 'ls', '--quiet', '--filter', 'name=fleet')).to.deep.equal([]);
  });

  it('what cannot be deployed is refused before anything is made', async () => {
    const refused = async (...args: readonly string[]) => {
      const { status, err } = await gradswarm('swarm', 'up', file, '--workers', '3', ...args);
      expect(names('stack', 'ls', '--format', '{{.Name}}')).to.deep.equal([]);
      return `${status} ${err.trim()}`;
    };
    expect(await refused('--image', 'not-there:1')).to.match(
      /^3 ERR_DOCKER: expected an image that this node has, got not-there:1;/,
    );
    expect(await refused('--set', 'method.localEpoch=3')).to.match(/^3 ERR_SCENARIO: .*localEpoch/);
    expect(await refused('--tls-cert', 'x.pem')).to.match(/^3 ERR_USAGE: --tls-cert: expected a file, got x.pem/);
  });

  it('stays up: a worker killed, scaled 3 to 2 to 5 to 3, the coordinator killed, workers updated one by one: the undisturbed digest', async () => {
    const rounds = 2500;
    const up = commands!.begin('swarm', 'up', file, '--workers', '3', '--name', 'stays', '--set', `rounds=${rounds}`);
    const round = () => Number(/.*round (\d+)\//s.exec(up.text())?.[1] ?? 0);
    const reached = async (wanted: number) => {
      let over = false;
      void up.done.then(() => {
        over = true;
      });
      while (round() < wanted && !over) await sleep(200);
      expect(over, `${wanted}: ${up.text()}`).to.equal(false);
    };
    const container = (name: string) => names('ps', '--quiet', '--filter', `name=stays_${name}`)[0]!;
    await reached(100);
    engine!.docker('kill', container('worker.2'));
    await reached(round() + 100);
    await gradswarm('swarm', 'scale', 'stays', '2');
    await sleep(5000);
    await gradswarm('swarm', 'scale', 'stays', '5');
    await reached(round() + 100);
    const table = (await gradswarm('swarm', 'status', 'stays')).out;
    expect(table).to.match(/^stays: running, round \d+\/2500, epoch \d+\nTASK /);
    expect(table.match(/ready/g)).to.have.length(3);
    expect(table.match(/spare/g)).to.have.length(2);
    await gradswarm('swarm', 'scale', 'stays', '3');
    await reached(round() + 100);
    engine!.docker('kill', container('coordinator'));
    await reached(round() + 100);
    engine!.docker('service', 'update', '--force', '--detach', 'stays_worker');
    const { status, out, err } = await up.done;
    expect(status, err).to.equal(0);
    expect(out).to.include(`VALID  state ${digestAlone(rounds)}`);
    const [run] = readdirSync(join(folder, 'runs', 'stays'));
    const session = readFileSync(join(folder, 'runs', 'stays', run!, 'session.jsonl'), 'utf8');
    expect(session.match(/"started"/g)).to.have.length.at.least(2);
    expect(session.match(/"lost"/g)).to.have.length.at.least(2);
  });

  it('down: what there is so far is fetched, and the stack is gone', async () => {
    const up = commands!.begin(
      'swarm',
      'up',
      file,
      '--workers',
      '2',
      '--name',
      'early',
      '--set',
      'rounds=100000',
      '--quiet',
    );
    while (!(await gradswarm('swarm', 'status', 'early', '--json')).out.includes('"phase": "running"'))
      await sleep(500);
    const { status, out, err } = await gradswarm('swarm', 'down', 'early', '--out', 'fetched');
    expect(status, err).to.equal(0);
    expect(out, err).to.include('early: fetched to fetched');
    expect(readdirSync(join(folder, 'fetched'))).to.include('metrics.csv');
    expect(names('stack', 'ls', '--format', '{{.Name}}')).to.deep.equal([]);
    commands!.kill('SIGINT');
    await up.done;
  });

  it('over TLS, certificates as secrets: the same digest', async () => {
    const [key, cert] = [join(folder, 'key.pem'), join(folder, 'cert.pem')];
    const names = 'subjectAltName=DNS:coordinator,IP:127.0.0.1';
    const flags = [
      'req',
      '-x509',
      '-newkey',
      'rsa:2048',
      '-nodes',
      '-days',
      '2',
      '-subj',
      '/CN=coordinator',
      '-addext',
      names,
    ];
    if (spawnSync('openssl', [...flags, '-keyout', key, '-out', cert]).status !== 0) throw new Error('openssl');
    const tls = ['--tls-cert', cert, '--tls-key', key, '--tls-ca', cert];
    const { status, out, err } = await gradswarm('swarm', 'up', file, '--workers', '2', '--name', 'secure', ...tls);
    expect(status, err).to.equal(0);
    expect(out).to.include(digestAlone(60));
  });

  it('one GPU for each worker: docker places them only where there are any', () => {
    const files = ['stack.yaml', 'stack.gpu.yaml'].flatMap((name) => ['-c', join(root, 'scenarios', 'swarm', name)]);
    const { status, stdout, stderr } = spawnSync('docker', ['stack', 'config', ...files], {
      encoding: 'utf8',
      env: { ...engine!.env, GRADSWARM_IMAGE: 'x', GRADSWARM_SCENARIO: file, GRADSWARM_TOKEN_FILE: file },
    });
    // Clients of before 2022 have no such check.
    if (/is not a docker command/.test(stderr)) return;
    expect(status, stderr).to.equal(0);
    expect(stdout).to.match(/discrete_resource_spec:\s+kind: gpu\s+value: 1/);
  });
});
