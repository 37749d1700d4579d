import { closeSync, mkdirSync, openSync, readFileSync, writeSync } from 'node:fs';
import { expect } from 'chai';
import { AppendOnlyFile } from '../../coordinator/run-directory/append-only-file.js';
import { SessionLog } from '../../coordinator/run-directory/session-log.js';
import { DISK, Disk } from '../support/simulation/disk.js';

describe('files of a run on a disk that is full, or whose power fails', () => {
  const disk = new Disk();
  let unmount: () => void;
  before(() => {
    unmount = disk.mount();
  });
  after(() => unmount());

  it('a line that the end of a process left unfinished is removed: the next one does not follow on it', () => {
    const path = `${DISK}/lines.jsonl`;
    const torn = openSync(path, 'w');
    writeSync(torn, Buffer.from('{"a":1}\n{"b":'));
    closeSync(torn);
    const file = new AppendOnlyFile(path);
    file.appendJson({ c: 3 });
    file.close();
    expect(readFileSync(path, 'utf8')).to.equal('{"a":1}\n{"c":3}\n');
  });

  it('of a line that a full disk took half of nothing stays, and it is written once when there is room', () => {
    const path = `${DISK}/events.jsonl`;
    const file = new AppendOnlyFile(path);
    file.appendJson({ a: 1 });
    file.flush();
    file.appendJson({ b: 'long'.repeat(100) });
    disk.capacity = disk.used + 100;
    expect(() => file.flush()).to.throw('ENOSPC');
    expect(readFileSync(path, 'utf8')).to.equal('{"a":1}\n');
    disk.capacity = Number.POSITIVE_INFINITY;
    file.close();
    expect(readFileSync(path, 'utf8').match(/"b"/g)).to.have.length(1);
  });

  it('the number of an epoch that was begun is not given again after a failure of power', () => {
    mkdirSync(`${DISK}/run`);
    const log = new SessionLog(`${DISK}/run`);
    log.append({ event: 'started', epoch: 4, fromRound: 0 });
    disk.failPower();
    expect(new SessionLog(`${DISK}/run`).nextEpoch()).to.equal(5);
  });
});
