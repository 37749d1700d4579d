import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, renameSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { newFolder } from '../../../coordinator/run-directory/new-folder.js';
import { RunLock, untilFree } from '../../../coordinator/run-directory/run-lock.js';
import { temporaryFolder } from '../../support/scripted-run.js';

const holder = (folder: string, text: unknown) => writeFileSync(join(folder, 'lock'), JSON.stringify(text));
const elsewhere = { key: 'a', pid: 1, host: 'another', born: '5', boot: 'its own', space: 'pid:[7]' };
const keyIn = (folder: string) => JSON.parse(readFileSync(join(folder, 'lock'), 'utf8')).key;

function waiting(folder: string, staleMs: number, signal = new AbortController().signal) {
  const notes: string[] = [];
  return { notes, done: untilFree(folder, { signal, note: (text) => notes.push(text), staleMs }) };
}

async function errorOf(promise: Promise<unknown>): Promise<string> {
  return promise.then(
    () => 'none',
    (error: Error) => error.message,
  );
}

describe('the lock of a run directory', () => {
  it('is refused while its process lives, and where it cannot be seen whether it does', async () => {
    const folder = temporaryFolder();
    holder(folder, { pid: process.ppid, host: hostname(), born: null });
    expect(() => RunLock.take(folder)).to.throw(/ERR_CHECKPOINT: .*: process \d+ on .* writes here; wait for it/);
    expect(await errorOf(waiting(folder, 100).done)).to.match(/^ERR_CHECKPOINT: .* writes here/);
    holder(folder, elsewhere);
    expect(() => RunLock.take(folder)).to.throw(
      /process 1 on another writes here; 'gradswarm resume' waits 30 s for a process that may have ended/,
    );
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
    const lock = RunLock.take(folder);
    expect(JSON.parse(readFileSync(join(folder, 'lock'), 'utf8')).pid).to.equal(process.pid);
    lock.release();
  });

  it('of another container with the same host name and process number is not mistaken for one that has ended', () => {
    const folder = temporaryFolder();
    const { key: _, ...own } = JSON.parse(lockText(folder));
    holder(folder, { ...own, key: 'b', space: 'pid:[7]', born: '1' });
    expect(() => RunLock.take(folder)).to.throw(/writes here/);
    holder(folder, { ...own, key: 'b', boot: 'another start', born: '1' });
    expect(() => RunLock.take(folder)).to.throw(/writes here/);
  });

  it('of another machine goes to the one who watched it for as long as it may not be renewed, and only then', async () => {
    const folder = temporaryFolder();
    holder(folder, elsewhere);
    const { done, notes } = waiting(folder, 600);
    expect(await errorOf(done)).to.equal('none');
    expect(notes[0]).to.match(/process 1 on another held it last; waiting up to 0.6 s/);
    expect(notes[1]).to.match(/was not renewed for 0.6 s and is taken over/);
    RunLock.take(folder).release();

    holder(folder, elsewhere);
    const renewed = waiting(folder, 60_000).done;
    // Whatever the clock of the other machine is.
    utimesSync(join(folder, 'lock'), 5, 5);
    expect(await errorOf(renewed)).to.match(/ERR_CHECKPOINT: .* process 1 on another writes here/);

    const released = waiting(folder, 60_000).done;
    rmSync(join(folder, 'lock'));
    expect(await errorOf(released)).to.equal('none');
  });

  it('that waits can be stopped', async () => {
    const folder = temporaryFolder();
    holder(folder, elsewhere);
    const controller = new AbortController();
    const { done } = waiting(folder, 60_000, controller.signal);
    controller.abort();
    expect(await errorOf(done)).to.match(/^ERR_STOPPED: .* stopped while waiting for process 1 on another/);
  });

  it('two that both watched a stale one do not both get it: what the first has made is not removed by the second', async () => {
    const folder = temporaryFolder();
    holder(folder, elsewhere);
    const first = waiting(folder, 600).done;
    const second = waiting(folder, 1000).done;
    await first;
    holder(folder, { ...elsewhere, key: 'first', pid: 2 });
    expect(await errorOf(second)).to.match(/ERR_CHECKPOINT: .* process 2 on another writes here/);
    expect(keyIn(folder)).to.equal('first');
  });

  it('that another process has taken over stops its old holder before it writes, and is not released by it', () => {
    const folder = temporaryFolder();
    const lock = RunLock.take(folder);
    lock.check();
    holder(folder, elsewhere);
    renameSync(join(folder, 'lock'), join(folder, 'new'));
    writeFileSync(join(folder, 'lock'), readFileSync(join(folder, 'new')));
    // As after a long silence.
    Object.assign(lock, { renewedMs: performance.now() - 60_000 });
    expect(lock.isHeld).to.equal(false);
    expect(() => lock.check()).to.throw(/ERR_STOPPED: .* another process writes here now/);
    lock.release();
    expect(keyIn(folder)).to.equal('a');
  });
});

function lockText(folder: string): string {
  const lock = RunLock.take(folder);
  const text = readFileSync(join(folder, 'lock'), 'utf8');
  lock.release();
  return text;
}

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
