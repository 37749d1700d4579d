import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { MetricsFile, type MetricsRow, readMetrics } from '../../../coordinator/run-directory/metrics.js';
import { temporaryFolder } from './temporary-folder.js';

const folder = temporaryFolder();
const path = () => join(folder(), 'metrics.csv');

function row(round: number, extra: Record<string, number> = {}, loss: number | null = round / 8): MetricsRow {
  return { round, loss, accuracy: null, bytesUp: 10, bytesDown: 20, bytesPeer: 30, simulatedMs: 1.5, wallMs: 2, extra };
}

const FIXED = 'round,loss,accuracy,bytesUp,bytesDown,bytesPeer,simulatedMs,wallMs';

describe('MetricsFile', () => {
  it('a column that first appears in round 3 is in the header, and empty in rounds 1 and 2', () => {
    const file = new MetricsFile(path());
    file.append(row(1));
    file.append(row(2, { drift: 0.5 }));
    file.flush();
    file.append(row(3, { 'epsilon, spent': 1, drift: 0.25 }));
    file.append(row(4));
    file.close();
    expect(readFileSync(path(), 'utf8')).to.equal(
      [
        `${FIXED},drift,"epsilon, spent"`,
        '1,0.125,,10,20,30,1.5,2,,',
        '2,0.25,,10,20,30,1.5,2,0.5,',
        '3,0.375,,10,20,30,1.5,2,0.25,1',
        '4,0.5,,10,20,30,1.5,2,,',
        '',
      ].join('\n'),
    );
  });

  it('rows come back as they were, NaN, infinities, missing losses and late columns included', () => {
    const rows = [
      row(1, {}, null),
      row(2, { a: NaN }, Infinity),
      row(3, { b: -Infinity, a: 5e-324 }, NaN),
      row(4, {}, 0.1 + 0.2),
    ];
    const file = new MetricsFile(path());
    for (const each of rows) file.append(each);
    file.close();
    expect(readMetrics(path())).to.deep.equal(rows);
  });

  it('the header is there before the first row', () => {
    new MetricsFile(path()).close();
    expect(readFileSync(path(), 'utf8')).to.equal(`${FIXED}\n`);
    expect(readMetrics(path())).to.deep.equal([]);
  });

  it('1,000 rows, reopened twice, with a cut in between: every round once and in order', () => {
    let file = new MetricsFile(path());
    for (let round = 1; round <= 700; round++) file.append(row(round, round > 650 ? { late: round } : {}));
    file.close();
    file = new MetricsFile(path());
    expect(file.cut(600)).to.equal(true);
    expect(file.cut(601)).to.equal(false);
    for (let round = 601; round <= 1000; round++) file.append(row(round, round > 650 ? { late: round } : {}));
    file.close();
    const rows = readMetrics(path());
    expect(rows.map((each) => each.round)).to.deep.equal(Array.from({ length: 1000 }, (_, i) => i + 1));
    expect(rows.filter((each) => each.extra.late === each.round)).to.have.length(350);
  });

  it('a last row that a crash left unfinished is dropped when the file is opened again', () => {
    const first = new MetricsFile(path());
    first.append(row(1));
    first.close();
    writeFileSync(path(), '2,0.2', { flag: 'a' });
    expect(readMetrics(path())).to.deep.equal([row(1)]);
    const again = new MetricsFile(path());
    again.append(row(2));
    expect(again.syncedRowCount()).to.equal(2);
    again.close();
    expect(readMetrics(path())).to.deep.equal([row(1), row(2)]);
  });

  it('a measure named like a fixed column, or with a line break, is refused', () => {
    const file = new MetricsFile(path());
    expect(() => file.append(row(1, { loss: 3 }))).to.throw(/ERR_HALF_FAILED: measure\('loss'\)/);
    expect(() => file.append(row(1, { 'a\nb': 3 }))).to.throw(/ERR_HALF_FAILED/);
    file.close();
    expect(readMetrics(path())).to.deep.equal([]);
  });
});
