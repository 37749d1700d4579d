import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { temporaryFolder } from '../support/scripted-run.js';

const root = fileURLToPath(new URL('../../../', import.meta.url));
const EXAMPLES = join(root, 'docs', 'examples');
const modules = readdirSync(EXAMPLES).filter((name) => name.endsWith('.ts'));
/** Two of them are scenarios. */
const ownModules = modules.filter((name) => name !== 'gossip.ts');
/** What is checked again on other versions of Node: a contract is longer than what differs there. */
const ONE_OF_EACH_CONTRACT = ['sign-vote.ts', 'power-of-two.ts', 'lion.ts', 'huber-regression.ts', 'two-moons.ts'];
const KINDS = ['method', 'codec', 'objective', 'dataset', 'scenario'];

/** What a user writes who has the package, TypeScript and nothing else. */
const PROGRAM = `
import { openRun, replay, resume, run, runSweep, scenario, sweep, GradswarmError } from 'gradswarm';
import { faults, where } from 'gradswarm/scenario';
import { claimsOf } from 'gradswarm/testing';
import wheel from './wheel.js';

const mine = scenario<{ codec: { 'power-of-two': object } }>('mine', {
  use: ['./power-of-two.ts'],
  method: { name: 'fedavg', localEpochs: 1 },
  data: { name: 'gaussian-clusters', classes: 3, features: 4, examples: 120, testExamples: 30 },
  clients: 4,
  rounds: 3,
  codecs: { update: 'power-of-two' },
  faults: [faults.at(1, faults.drop({ probability: 0.5 }))],
});
const { directory, stateDigest } = await run(mine);
const { rows, summary, manifest } = openRun(directory);
const again = await replay(directory);
const refused = await resume(directory).then(
  () => 'resumed',
  (error: unknown) => (error instanceof GradswarmError ? error.code : 'another error'),
);
const swept = await runSweep(
  sweep('swept', { base: mine, over: { seed: [1, 2] }, expect: [where({ seed: 1 }, { name: 'below', of: 'finalLoss', value: 9 })] }),
);
let held = 0;
for (const { run: holds } of await claimsOf(wheel)) await holds().then(() => held++);
console.log(
  JSON.stringify({
    stateDigest,
    rows: rows.length,
    loss: typeof summary.finalLoss,
    use: manifest.use?.[0]?.provides,
    replayed: again.verdict.valid,
    refused,
    points: swept.points.length,
    held,
  }),
);
`;

/** Each line that is marked must be an error. */
const REJECTED = `
import { defineMethod, type ReadonlyVector } from 'gradswarm/method';
import { type SettingsIn, scenario } from 'gradswarm/scenario';
import type signVote from './sign-vote.js';
// @ts-expect-error: not a sub-path
import { NamedModules } from 'gradswarm/dist/protocol/settings/named-modules.js';

declare const received: ReadonlyVector;
// @ts-expect-error: what was received is not written to
received[0] = 1;
// @ts-expect-error: there is no such part of a scenario
scenario({ method: 'sgd', data: 'mnist', roundz: 3 });
// @ts-expect-error: a misspelt setting of a built-in method
scenario({ method: { name: 'fedavg', localEpoch: 3 }, data: 'mnist' });

declare module 'gradswarm/scenario' {
  interface Methods {
    readonly 'sign-vote': SettingsIn<typeof signVote>;
  }
}
scenario({ method: { name: 'sign-vote', step: 1 }, data: 'mnist' });
// @ts-expect-error: a misspelt setting of one's own
scenario({ method: { name: 'sign-vote', stepp: 1 }, data: 'mnist' });
// @ts-expect-error: a method has messages
defineMethod({ name: 'x', paper: { title: '', url: '', algorithm: '' }, client: { init: () => null, round: async () => null } });
export { NamedModules };
`;

const TSCONFIG = {
  compilerOptions: {
    strict: true,
    noUncheckedIndexedAccess: true,
    exactOptionalPropertyTypes: true,
    module: 'nodenext',
    target: 'es2022',
    types: ['node'],
    outDir: 'out',
  },
  include: ['*.ts'],
};

describe('the package as npm installs it, in an empty folder', () => {
  let folder: string;
  const node = (program: string, ...args: string[]) =>
    spawnSync(program, args, { cwd: folder, encoding: 'utf8', timeout: 300_000 });
  const npm = (...args: string[]) => execFileSync('npm', args, { cwd: folder, encoding: 'utf8', stdio: 'pipe' });

  before(() => {
    folder = temporaryFolder();
    const [{ filename }] = JSON.parse(
      execFileSync('npm', ['pack', '--ignore-scripts', '--json', '--pack-destination', folder], {
        cwd: root,
        encoding: 'utf8',
      }),
    );
    writeFileSync(join(folder, 'package.json'), JSON.stringify({ name: 'mine', type: 'module' }));
    const { devDependencies } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
    const development = ['typescript', '@types/node'].map((name) => `${name}@${devDependencies[name]}`);
    npm('install', '--no-audit', '--no-fund', '--ignore-scripts', `./${filename}`, ...development);
    cpSync(EXAMPLES, folder, { recursive: true });
    writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify(TSCONFIG));
    writeFileSync(join(folder, 'program.ts'), PROGRAM);
    writeFileSync(join(folder, 'rejected.ts'), REJECTED);
  });

  const digests = new Map<string, Set<string>>();
  /** Equal on every version. */
  function requireEqual(what: string, digest: string): void {
    expect(digest).to.match(/^[\da-f]{64}$/);
    digests.set(what, (digests.get(what) ?? new Set()).add(digest));
    expect(digests.get(what)!.size, what).to.equal(1);
  }

  for (const version of ['20', '22', '24'])
    describe(`on Node ${version}`, () => {
      const isOwn = process.versions.node.startsWith(`${version}.`);
      let program: string;

      before(function () {
        const found = isOwn ? process.execPath : nodeOf(version, folder);
        if (found === null) {
          console.log(`Node ${version} cannot be installed from npm here: left out`);
          this.skip();
        }
        program = found!;
      });

      it('compiles all examples and a program in strict mode, and rejects what is wrong', () => {
        const { status, stdout } = node(program, 'node_modules/typescript/bin/tsc');
        expect(stdout).to.equal('');
        expect(status).to.equal(0);
      });

      it('runs the program: run, openRun, replay, resume, runSweep, claimsOf', () => {
        const { stdout, stderr } = node(program, 'out/program.js');
        expect(stderr).to.equal('');
        const { stateDigest, held, ...rest } = JSON.parse(stdout);
        requireEqual('program', stateDigest);
        expect(held).to.be.above(10);
        expect(rest).to.deep.equal({
          rows: 3,
          loss: 'number',
          use: ['codec power-of-two'],
          replayed: true,
          refused: 'ERR_CHECKPOINT',
          points: 2,
        });
      });

      for (const module of isOwn ? ownModules : ONE_OF_EACH_CONTRACT)
        it(`gradswarm check ${module}: every claim holds`, () => {
          const { status, stdout, stderr } = node(program, gradswarm(), 'check', module, '--quiet');
          expect([status, stdout, stderr]).to.deep.equal([0, '', '']);
        });

      it('gradswarm new: what it writes of each kind compiles, passes its test, and runs', () => {
        const nameOf = (kind: string) => `my-${kind}-${version}`;
        for (const kind of KINDS)
          expect(node(program, gradswarm(), 'new', kind, nameOf(kind)).status, kind).to.equal(0);
        const { stdout } = node(program, 'node_modules/typescript/bin/tsc', '--noEmit');
        expect(stdout).to.equal('');
        for (const kind of KINDS) {
          const [name, isScenario] = [nameOf(kind), kind === 'scenario'];
          if (!isScenario) expect(node(program, '--test', `${name}.test.mjs`).status, kind).to.equal(0);
          const ran = node(program, gradswarm(), 'run', `./${name}.${isScenario ? 'ts' : 'json'}`);
          expect(ran.status, ran.stderr).to.equal(0);
        }
      });

      it('gradswarm new project: its scripts work with the packages of this folder', () => {
        const name = `my-study-${version}`;
        expect(node(program, gradswarm(), 'new', 'project', name).status).to.equal(0);
        const env = { ...process.env, PATH: `${dirname(program)}${delimiter}${process.env.PATH}` };
        for (const script of ['types', 'check', 'test', 'start']) {
          const { status, stdout, stderr } = spawnSync('npm', ['run', script], {
            cwd: join(folder, name),
            encoding: 'utf8',
            env,
          });
          expect(status, `${script}: ${stdout}${stderr}`).to.equal(0);
        }
      });

      it('runs the example of every kind, in one process and in two workers, with equal bits', () => {
        for (const workers of ['0', '2']) {
          const out = `run-${version}-${workers}`;
          const args = ['run', 'everything.json', '--workers', workers, '--out', out, '--json'];
          const { status, stdout, stderr } = node(program, gradswarm(), ...args);
          expect(status, stderr).to.equal(0);
          requireEqual('everything', JSON.parse(stdout).stateDigest);
        }
      });
    });

  it('reaches nothing but the documented paths', () => {
    const reach = (path: string) =>
      node(process.execPath, '--input-type=module', '--eval', `await import('${path}')`).stderr;
    for (const path of ['gradswarm/dist/protocol/method.js', 'gradswarm/protocol', 'gradswarm/settings'])
      expect(reach(path), path).to.include('ERR_PACKAGE_PATH_NOT_EXPORTED');
    const { exports } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
    for (const path of Object.keys(exports)) expect(reach(path.replace('.', 'gradswarm')), path).to.equal('');
  });

  function gradswarm(): string {
    return join(folder, 'node_modules', 'gradswarm', 'dist', 'scenarios', 'cli.js');
  }
});

/** The program of that version, of the package 'node'; null where it cannot be had. */
function nodeOf(version: string, folder: string): string | null {
  const place = join(folder, `node-${version}`);
  mkdirSync(place, { recursive: true });
  writeFileSync(join(place, 'package.json'), '{"name":"node-program","private":true}');
  const { status } = spawnSync('npm', ['install', '--no-audit', '--no-fund', `node@${version}`], {
    cwd: place,
    encoding: 'utf8',
    timeout: 300_000,
  });
  const program = join(place, 'node_modules', 'node', 'bin', 'node');
  const works =
    status === 0 && spawnSync(program, ['--version'], { encoding: 'utf8' }).stdout?.startsWith(`v${version}.`);
  return works ? program : null;
}
