import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { appendFileSync, copyFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { moduleDigest } from '../../scenarios/plug-ins/digest.js';
import { CLI, EXAMPLES, folderWith, gradswarm, record, SCENARIO, stateOf } from '../support/own-modules.js';

describe('modules of one\u2019s own', function () {
  this.timeout(180_000);

  it('are used from a scenario\u2019s folder, with equal bits in one process and in workers, and their SHA-256 is recorded', async () => {
    const folder = folderWith({
      'voted.json': { $schema: './schema.json', use: ['./sign-vote.ts'], ...SCENARIO },
      'by-path.ts': `import { scenario } from 'gradswarm/scenario';
        export default scenario(${JSON.stringify({ ...SCENARIO, method: { ...SCENARIO.method, name: './sign-vote.ts' } })});`,
    });
    const alone = gradswarm(folder, 'run', '../voted.json', '--out', 'alone');
    expect(stateOf(alone)).to.match(/^[\da-f]{64}$/);
    expect(stateOf(gradswarm(folder, 'run', '../voted.json', '--workers', '2', '--out', 'two'))).to.equal(
      stateOf(alone),
    );
    expect(stateOf(gradswarm(folder, 'run', '../by-path.ts', '--out', 'by-path'))).to.equal(stateOf(alone));
    const module = join(folder, 'sign-vote.ts');
    const sha256 = await moduleDigest(module);
    expect(record(folder, 'by-path', 'scenario.json')).to.deep.include({ name: 'by-path', use: [{ module, sha256 }] });
    expect(record(folder, 'two', 'manifest.json').use).to.deep.equal([
      { module, sha256, provides: ['method sign-vote'] },
    ]);
  });

  it('that are packages beside the scenario are found by workers that are started elsewhere too', () => {
    const folder = folderWith({});
    const place = join(folder, 'study', 'node_modules', 'sign-package');
    mkdirSync(place, { recursive: true });
    writeFileSync(join(place, 'package.json'), '{ "name": "sign-package", "type": "module", "exports": "./index.ts" }');
    copyFileSync(join(EXAMPLES, 'sign-vote.ts'), join(place, 'index.ts'));
    writeFileSync(join(folder, 'study', 'voted.json'), JSON.stringify({ use: ['sign-package'], ...SCENARIO }));
    const run = (...args: string[]) => stateOf(gradswarm(folder, 'run', '../study/voted.json', ...args));
    const alone = run('--out', 'alone');
    expect(alone).to.match(/^[\da-f]{64}$/);
    expect(run('--workers', '2', '--out', 'two')).to.equal(alone);
    const [used] = record(folder, 'two', 'manifest.json').use as { module: string }[];
    expect(used!.module).to.equal('sign-package');
    const checked = spawnSync(process.execPath, [CLI, 'check', 'sign-package', '--quiet'], {
      cwd: join(folder, 'study'),
      encoding: 'utf8',
    });
    expect([checked.status, checked.stdout, checked.stderr]).to.deep.equal([0, '', '']);
    const missing = gradswarm(folder, 'check', 'sign-package');
    expect([missing.status, missing.stderr]).to.satisfy(
      ([status, text]: [number, string]) => status === 3 && text.includes("an installed package, got 'sign-package'"),
    );
  });

  it('of every kind run together, one example each, with equal bits in one process and in workers', () => {
    const folder = folderWith({});
    const run = (...args: string[]) => gradswarm(folder, 'run', join(EXAMPLES, 'everything.json'), ...args);
    const alone = run('--out', 'alone');
    expect(alone.stdout).to.match(/met {10}never-jumps: the largest ratio/);
    expect(stateOf(run('--workers', '2', '--out', 'two'))).to.equal(stateOf(alone));
    const { use } = record(folder, 'alone', 'manifest.json') as { use: { provides: string[] }[] };
    expect(use.flatMap(({ provides }) => provides).map((thing) => thing.split(' ')[0])).to.have.members([
      ...['codec', 'dataset', 'expectation', 'fault', 'memory', 'optimizer', 'partition', 'probe'],
    ]);
  });

  it('join what is checked, swept and set: misspelt settings and names get the nearest', () => {
    const sweep = { sweep: 'swept', base: { ...SCENARIO, method: 'sgd' }, over: { method: ['./sign-vote.ts', 'sgd'] } };
    const folder = folderWith({ 'voted.json': SCENARIO, 'swept.json': sweep });
    const refused = (...args: string[]) => gradswarm(folder, 'run', '../voted.json', ...args).stderr;
    expect(refused()).to.include('method.name: expected the name of a method');
    expect(refused('--use', '../sign-vote.ts', '--set', 'method.stepp=1')).to.include("nearest is 'step'");
    expect(refused('--use', '../sign-vote.ts', '--set', 'method.name=sign-vot')).to.include("nearest is 'sign-vote'");
    const { stdout } = gradswarm(folder, 'run', '../swept.json', '--json');
    const { stdout: list } = gradswarm(folder, 'list', 'methods', '--use', '../sign-vote.ts', '--json');
    expect(JSON.parse(list)).to.deep.include.members([
      { name: 'sign-vote', summary: 'signSGD with Majority Vote is Communication Efficient and Fault Tolerant' },
    ]);
    const { points } = JSON.parse(stdout) as { points: { label: string }[] };
    expect(points.map(({ label }) => label)).to.deep.equal(['method=sign-vote', 'method=sgd']);
  });

  it('are refused by name in another version, at replay and in a worker from elsewhere', async () => {
    const folder = folderWith({ 'voted.json': { use: ['./sign-vote.ts'], ...SCENARIO } });
    gradswarm(folder, 'run', '../voted.json', '--out', 'run');
    expect(gradswarm(folder, 'replay', 'run').status).to.equal(0);
    const other = folderWith({});
    appendFileSync(join(other, 'sign-vote.ts'), '// other\n');

    const coordinator = spawn(
      process.execPath,
      [CLI, 'run', '../voted.json', '--workers', '1', '--listen', '127.0.0.1:0'],
      { cwd: join(folder, 'elsewhere') },
    );
    let notes = '';
    await new Promise<void>((resolve) => {
      coordinator.stderr.setEncoding('utf8').on('data', (text) => {
        if (/--join ws\S+/.test((notes += text))) resolve();
      });
    });
    const [, token, url] = /GRADSWARM_TOKEN=(\S+) gradswarm worker --join (\S+)/.exec(notes)!;
    const join_ = (...use: string[]) =>
      spawnSync(process.execPath, [CLI, 'worker', '--join', url!, ...use.flatMap((module) => ['--use', module])], {
        env: { ...process.env, GRADSWARM_TOKEN: token },
        encoding: 'utf8',
      });
    const without = join_();
    expect([without.status, without.stderr]).to.satisfy(
      ([status, text]: [number, string]) =>
        status === 3 && text.includes("'sign-vote.ts'") && text.includes('without it'),
    );
    const stale = join_(join(other, 'sign-vote.ts'));
    expect([stale.status, stale.stderr]).to.satisfy(
      ([status, text]: [number, string]) => status === 3 && text.includes('another version'),
    );
    const done = once(coordinator, 'exit');
    expect(join_(join(folder, 'sign-vote.ts')).status).to.equal(0);
    expect(await done).to.deep.equal([0, null]);

    appendFileSync(join(folder, 'sign-vote.ts'), '// changed\n');
    const changed = gradswarm(folder, 'replay', 'run');
    expect([changed.status, changed.stderr]).to.satisfy(
      ([status, text]: [number, string]) => status === 3 && text.includes("sign-vote.ts' with SHA-256"),
    );
    // The same content elsewhere is the same version.
    const moved = join(folderWith({}), 'sign-vote.ts');
    expect(gradswarm(folder, 'replay', 'run', '--use', moved).status).to.equal(0);
  });
});
