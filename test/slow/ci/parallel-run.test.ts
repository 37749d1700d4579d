import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';

const GOOD = `it('holds', () => {});`;
/** Each ends its process, or never ends, in another way; the name of the file says how. */
const PLANTED: Readonly<Record<string, string>> = {
  fails: `it('holds', () => {}); it('does not hold', () => { throw new Error('planted'); });`,
  crashes: `it('kills its process', () => { process.kill(process.pid, 'SIGKILL'); });`,
  exits: `it('leaves with status 0', () => { process.exit(0); });`,
  loads: `import './nothing.js';`,
  blocks: `it('blocks the thread', () => { for (;;); });`,
  late: `it('throws after its end', () => { setTimeout(() => { throw new Error('late'); }); });`,
};

interface Run {
  readonly status: number | null;
  readonly output: string;
  readonly lastLine: string;
}

/** Runs the runner of `npm test` on files of our own. */
function runOn(folder: string, names: readonly string[], silentMs = 60_000): Run {
  const files = names.map((name) => join(folder, `${name}.test.mjs`));
  const { status, stdout } = spawnSync(process.execPath, ['.ci/test.mjs', ...files], {
    encoding: 'utf8',
    env: { ...process.env, GRADSWARM_TEST_SILENT_MS: `${silentMs}` },
  });
  return { status, output: stdout, lastLine: stdout.trimEnd().split('\n').at(-1)! };
}

describe('the runner of npm test: two processes', function () {
  this.timeout(120_000);
  let folder = '';
  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'gradswarm-planted-'));
    for (const name of ['one', 'two', 'three']) writeFileSync(join(folder, `${name}.test.mjs`), GOOD);
    for (const [name, text] of Object.entries(PLANTED)) writeFileSync(join(folder, `${name}.test.mjs`), text);
  });
  after(() => rmSync(folder, { recursive: true }));

  it('status 0 and the counts as the last line if all tests hold', () => {
    const { status, lastLine } = runOn(folder, ['one', 'two', 'three']);
    expect([status, lastLine]).to.deep.equal([0, '3 passed, 0 failed']);
  });

  it('one file is enough: the second process is not started', () => {
    const { status, lastLine } = runOn(folder, ['one']);
    expect([status, lastLine]).to.deep.equal([0, '1 passed, 0 failed']);
  });

  it('files whose process crashes, exits with status 0 or cannot load them fail by name, and the others run', () => {
    const run = runOn(folder, ['one', 'fails', 'crashes', 'exits', 'loads', 'two', 'three']);
    expect([run.status, run.lastLine]).to.deep.equal([1, '4 passed, 4 failed']);
    expect(run.output).to.include('Error: planted');
    for (const [file, test] of [
      ['crashes', 'kills its process'],
      ['exits', 'leaves with status 0'],
      ['loads', 'before its first test'],
    ])
      expect(run.output).to.match(new RegExp(`${file}\\.test\\.mjs\\n +${test}:\\n +its process ended`));
  });

  it('a test that blocks its thread, where no timeout acts, is killed after a silence and fails by name', () => {
    const run = runOn(folder, ['blocks', 'one'], 3000);
    expect([run.status, run.lastLine]).to.deep.equal([1, '1 passed, 1 failed']);
    expect(run.output).to.match(/blocks\.test\.mjs\n +blocks the thread: silent for 3 s/);
  });

  it('files of a folder simulation/ have a process of their own', () => {
    mkdirSync(join(folder, 'simulation'));
    const marks = `it('is not in a process that ran a simulation', () => {
      if (globalThis.simulated) throw new Error('it is');
      globalThis.ran = true;
    });`;
    for (const name of ['first', 'second', 'third', 'fourth']) writeFileSync(join(folder, `${name}.test.mjs`), marks);
    const simulation = `it('is the first in its process', () => {
      if (globalThis.ran) throw new Error('it is not');
      globalThis.simulated = true;
    });`;
    writeFileSync(join(folder, 'simulation', 'clock.test.mjs'), simulation);
    const { lastLine } = runOn(folder, ['first', 'second', 'simulation/clock', 'third', 'fourth']);
    expect(lastLine).to.equal('5 passed, 0 failed');
  });

  it('an error after the last test fails the run', () => {
    expect(runOn(folder, ['late']).status).to.equal(1);
  });

  it('no file, or no test in the files, fails', () => {
    writeFileSync(join(folder, 'empty.test.mjs'), '');
    for (const names of [[], ['empty']]) {
      const { status, lastLine } = runOn(folder, names);
      expect([status, lastLine]).to.deep.equal([1, '0 passed, 1 failed']);
    }
  });
});
