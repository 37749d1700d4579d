import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { AppendOnlyFile } from '../../../coordinator/run-directory/append-only-file.js';
import { summarizeEvents } from '../../../coordinator/run-directory/events.js';
import { readJsonLines } from '../../../coordinator/run-directory/json-file.js';
import { temporaryFolder } from './temporary-folder.js';

const folder = temporaryFolder();
const path = () => join(folder(), 'events.jsonl');

describe('AppendOnlyFile', () => {
  it('100,000 lines come back in order, and one that is not finished is left out', () => {
    const file = new AppendOnlyFile(path());
    for (let i = 0; i < 100_000; i++) file.appendJson({ i });
    file.close();
    writeFileSync(path(), '{"i":1000', { flag: 'a' });
    let next = 0;
    for (const record of readJsonLines(path(), 'record')) expect((record as { i: number }).i).to.equal(next++);
    expect(next).to.equal(100_000);
  });

  it('counts bytes and not characters, cuts there, and refuses to cut beyond its end', () => {
    const file = new AppendOnlyFile(path());
    file.append('ü');
    expect(file.syncedByteLength()).to.equal(3);
    file.append('second');
    expect(file.cut(11)).to.equal(false);
    expect(file.cut(3)).to.equal(true);
    file.append('{}');
    file.close();
    const reopened = new AppendOnlyFile(path());
    expect(reopened.syncedByteLength()).to.equal(6);
    reopened.close();
  });
});

describe('summarizeEvents', () => {
  it('counts absences by reason, faults by name, rounds without any update and abandoned attempts', () => {
    const file = new AppendOnlyFile(path());
    const common = { t: 0, wallMs: 0, round: 1 };
    for (const why of ['late', 'dropped', 'late']) file.appendJson({ ...common, event: 'absent', fields: { why } });
    for (const event of ['abandoned', 'abandoned', 'round']) {
      file.appendJson({ ...common, event, fields: {} });
    }
    file.appendJson({ ...common, event: 'round', fields: { empty: true } });
    file.appendJson({ ...common, event: 'fault', fields: { fault: 'crash' } });
    file.close();
    expect(summarizeEvents(path())).to.deep.equal({
      absences: new Map([
        ['late', 2],
        ['dropped', 1],
      ]),
      faults: new Map([['crash', 1]]),
      withoutUpdate: 1,
      abandonedAttempts: 2,
    });
  });

  it('of a run without events everything is zero', () => {
    expect(summarizeEvents(path())).to.include({ withoutUpdate: 0, abandonedAttempts: 0 });
  });
});
