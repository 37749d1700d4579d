import { type SpawnSyncReturns, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { appendFileSync, copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { moduleDigest } from '../../../scenarios/plug-ins/digest.js';
import { temporaryFolder } from '../../support/scripted-run.js';

/** What is loaded stays in its process, so each of these has its own. */
const CLI = fileURLToPath(new URL('../../../scenarios/cli.js', import.meta.url));
const EXAMPLES = fileURLToPath(new URL('../../../../docs/examples/', import.meta.url));

const SCENARIO = {
  method: { name: 'sign-vote', step: 0.02 },
  data: { name: 'gaussian-clusters', classes: 3, features: 5, examples: 200, testExamples: 50 },
  clients: 4,
  rounds: 4,
};

function folderWith(files: Readonly<Record<string, unknown>>): string {
  const folder = temporaryFolder();
  copyFileSync(join(EXAMPLES, 'sign-vote.ts'), join(folder, 'sign-vote.ts'));
  for (const [name, content] of Object.entries(files))
    writeFileSync(join(folder, name), typeof content === 'string' ? content : JSON.stringify(content));
  return folder;
}

/** In another folder than the scenario's, so that paths must be its own. */
function gradswarm(folder: string, ...args: string[]): SpawnSyncReturns<string> {
  const elsewhere = join(folder, 'elsewhere');
  mkdirSync(elsewhere, { recursive: true });
  return spawnSync(process.execPath, [CLI, ...args], { cwd: elsewhere, encoding: 'utf8' });
}

const stateOf = ({ stdout, stderr }: SpawnSyncReturns<string>): string =>
  /state ([\da-f]{64})/.exec(stdout)?.[1] ?? `no state: ${stdout}${stderr}`;

const record = (folder: string, name: string, file: string): Record<string, unknown> =>
  JSON.parse(readFileSync(join(folder, 'elsewhere', name, file), 'utf8'));

describe('modules of one\u2019s own', () => {
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

  it('of every kind run together, one example each, with equal bits in one process and in workers', () => {
    const folder = folderWith({});
    const run = (...args: string[]) =>
      gradswarm(folder, 'run', join(EXAMPLES, 'everything.json'), '--rounds', '11', ...args);
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
  });

  it('say what is wrong with them: a name that is taken, nothing defined, no file, no TypeScript', () => {
    const taken = readFileSync(join(EXAMPLES, 'sign-vote.ts'), 'utf8').replace("name: 'sign-vote'", "name: 'sgd'");
    const folder = folderWith({
      'taken.ts': taken,
      'empty.ts': 'export const x = 1;',
      'broken.ts': 'export const = 1;',
      'voted.json': SCENARIO,
    });
    const refused = (module: string) => {
      const { status, stderr } = gradswarm(folder, 'run', '../voted.json', '--use', module);
      return `${status} ${stderr}`;
    };
    expect(refused('../taken.ts')).to.match(/^3 .*taken\.ts' defines the method 'sgd', a name that is taken/);
    expect(refused('../empty.ts')).to.match(/^3 .*what defineMethod, defineCodec, … return, got x/);
    expect(refused('../none.ts')).to.match(/^3 .*got nothing at/);
    expect(refused('../broken.ts')).to.match(/^3 .*broken\.ts' cannot be loaded/);
    expect(refused('no-such-package')).to.match(/^3 .*an installed package, got 'no-such-package'/);
  });

  it('have a digest of the file and of what it imports by path, whatever its name and folder', async () => {
    const tool = 'export const one = 1;';
    const folder = folderWith({ 'a.ts': "import { one } from './tool.js';\nexport default one;", 'tool.ts': tool });
    const same = folderWith({ 'b.ts': "import { one } from './tool.js';\nexport default one;", 'tool.ts': tool });
    const digest = await moduleDigest(join(folder, 'a.ts'));
    expect(await moduleDigest(join(same, 'b.ts'))).to.equal(digest);
    appendFileSync(join(same, 'tool.ts'), '\n');
    expect(await moduleDigest(join(same, 'b.ts'))).not.to.equal(digest);
  });
});
