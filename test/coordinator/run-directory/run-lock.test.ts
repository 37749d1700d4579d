import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { newFolder } from '../../../coordinator/run-directory/new-folder.js';
import { RunLock } from '../../../coordinator/run-directory/run-lock.js';
import { temporaryFolder } from '../../support/scripted-run.js';

const holder = (folder: string, text: unknown) => writeFileSync(join(folder, 'lock'), JSON.stringify(text));

describe('the lock of a run directory', () => {
  it('is refused while its process lives, here or on another machine', () => {
    const folder = temporaryFolder();
    holder(folder, { pid: process.ppid, host: hostname(), born: null });
    expect(() => RunLock.take(folder)).to.throw(/ERR_CHECKPOINT: .* writes here; wait for it, or delete .*lock/);
    holder(folder, { pid: 1, host: 'another', born: null });
    expect(() => RunLock.take(folder)).to.throw(/process 1 on another writes here/);
  });

  it('is taken over from a process that has ended, whose number is used again, or that ended while it wrote', () => {
    const folder = temporaryFolder();
    const { pid } = spawnSync(process.execPath, ['-e', '']);
    const gone = [
      { pid, host: hostname(), born: '1' },
      { pid: process.ppid, host: hostname(), born: '1' },
    ];
    for (const one of gone) {
      holder(folder, one);
      RunLock.take(folder).release();
      expect(existsSync(join(folder, 'lock'))).to.equal(false);
    }
    writeFileSync(join(folder, 'lock'), '{"pi');
    RunLock.take(folder);
    expect(JSON.parse(readFileSync(join(folder, 'lock'), 'utf8')).pid).to.equal(process.pid);
  });
});

describe('a folder that a user names for a run', () => {
  it('is made with those above it; a file, a used folder and one that cannot be made are refused in one line', () => {
    const folder = temporaryFolder();
    newFolder(join(folder, 'a', 'b'));
    expect(existsSync(join(folder, 'a', 'b'))).to.equal(true);
    writeFileSync(join(folder, 'file'), '');
    expect(() => newFolder(join(folder, 'file'))).to.throw(/ERR_USAGE: --out .*expected a folder, got the file/);
    expect(() => newFolder(join(folder, 'file', 'below'))).to.throw(
      /ERR_USAGE: --out .*expected a folder, got the file/,
    );
    expect(() => newFolder(folder)).to.throw(
      /expected an empty folder or a new one, got one with a, file; 'gradswarm resume/,
    );
    expect(() => newFolder('/proc/gradswarm/x')).to.throw(/ERR_USAGE/);
  });
});
