import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { CLI, EXAMPLES } from '../support/own-modules.js';
import { temporaryFolder } from '../support/scripted-run.js';

const PAGE = fileURLToPath(new URL('../../../docs/tutorial.md', import.meta.url));
const BLOCK = /(?:^`([\w.-]+)`:\n\n)?^```(\w+)\n(.*?)^```/gms;

/** A command that stands for one of npm: this checkout is what is installed. */
function shim(folder: string, name: string, body: string): void {
  writeFileSync(join(folder, name), `#!/bin/sh\n${body}\n`);
  chmodSync(join(folder, name), 0o755);
}

describe('docs/tutorial.md', function () {
  this.timeout(600_000);

  it('runs word for word in an empty folder: its files, its commands, and what it says of their results', () => {
    const folder = temporaryFolder();
    const commands = ['set -e'];
    for (const [, name, language, body] of readFileSync(PAGE, 'utf8').matchAll(BLOCK)) {
      if (name) writeFileSync(join(folder, name), body!);
      else if (language === 'sh') commands.push(body!);
    }
    expect(commands.length).to.be.greaterThan(5);
    const bin = join(folder, 'bin');
    mkdirSync(bin);
    shim(bin, 'npm', 'exit 0');
    shim(bin, 'npx', `shift\nexec '${process.execPath}' '${CLI}' "$@"`);
    const { status, stdout, stderr } = spawnSync('sh', ['-c', commands.join('\n')], {
      cwd: folder,
      encoding: 'utf8',
      env: { ...process.env, PATH: `${bin}${delimiter}${process.env.PATH}` },
    });
    expect(status, `${stdout}${stderr}`).to.equal(0);
    const read = (run: string, file: string) => JSON.parse(readFileSync(join(folder, 'runs', run, file), 'utf8'));
    expect(read('first', 'figures.json').summary.finalAccuracy).to.be.within(0.2, 0.75);
    const [second, sockets] = [...stdout.matchAll(/VALID {2}state ([\da-f]{64})/g)].slice(1).map(([, state]) => state);
    expect(second).to.equal(sockets);
    expect(read('second', 'figures.json').summary).to.include({ rounds: 30 });
    expect(read('warm', 'manifest.json').initial.file).to.match(/runs\/second\/model\.npz$/);
    expect(stdout).to.match(/(\d+) of \1 claims hold/);
    expect(read('again', 'manifest.json').stateDigest).to.equal(read('third', 'manifest.json').stateDigest);
  });

  it('shows the method of docs/examples', () => {
    expect(readFileSync(PAGE, 'utf8')).to.include(readFileSync(join(EXAMPLES, 'sign-vote.ts'), 'utf8'));
  });
});
