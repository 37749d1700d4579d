import { spawnSync } from 'node:child_process';
import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { temporaryFolder } from '../../support/scripted-run.js';

const CLI = fileURLToPath(new URL('../../../scenarios/cli.js', import.meta.url));

/** What these write is compiled, checked and run in test/system/package.test.ts. */
describe('gradswarm new', function () {
  // Each starts processes of the command; a loaded machine takes its time.
  this.timeout(240_000);

  const folder = temporaryFolder();
  const gradswarm = (...args: string[]) =>
    spawnSync(process.execPath, [CLI, ...args], { cwd: folder, encoding: 'utf8' });

  it('writes a codec with its test and a scenario, which runs and meets its expectations', () => {
    const { stdout } = gradswarm('new', 'codec', 'my-codec');
    expect(stdout).to.include('next: gradswarm check ./my-codec.ts && gradswarm run ./my-codec.json');
    expect(readdirSync(folder).sort()).to.deep.equal(['my-codec.json', 'my-codec.test.mjs', 'my-codec.ts']);
    const { status, stderr } = gradswarm('run', './my-codec.json', '--rounds', '5', '--quiet');
    expect(status, stderr).to.equal(0);
  });

  it('replaces no file, and refuses kinds and names that it does not know', () => {
    gradswarm('new', 'scenario', 'mine');
    const refused = (...args: string[]) => {
      const { status, stderr } = gradswarm('new', ...args);
      return `${status} ${stderr}`;
    };
    expect(refused('scenario', 'mine')).to.match(/^3 ERR_USAGE: mine\.ts: expected the name of a new file/);
    expect(refused('method', 'My Method')).to.match(/^3 ERR_USAGE: name: expected small letters/);
    for (const device of ['con', 'nul', 'aux', 'prn', 'com1', 'lpt9'])
      expect(refused('dataset', device), device).to.match(/^3 ERR_USAGE: name: .*, a device of Windows/);
    expect(refused('method', 'sgd')).to.match(
      /^3 ERR_USAGE: name: expected one that is not taken, got 'sgd', a built-in method/,
    );
    expect(refused('codec', 'qsgd')).to.match(/^3 ERR_USAGE: name: expected one that is not taken/);
    writeFileSync(join(folder, 'my-study'), 'a file');
    expect(refused('project', 'my-study')).to.match(
      /^3 ERR_USAGE: my-study\S+: expected a folder that can be written to: E/,
    );
    expect(refused('sampler', 'mine')).to.match(/^3 .*Allowed choices are method, codec/);
  });
});
