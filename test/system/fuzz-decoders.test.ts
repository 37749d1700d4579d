import { expect } from 'chai';
import { record } from '../support/fuzz/record.js';
import { fileReaders } from '../support/fuzz/run-files.js';
import { surveyTable, type Tried, tried } from '../support/fuzz/survey.js';
import { wireReaders } from '../support/fuzz/wire-readers.js';

const INPUTS = Number(process.env.GRADSWARM_INPUTS ?? 300_000);
const SEED = Number(process.env.GRADSWARM_SEED ?? 1);

describe(`readers of bytes that come from elsewhere, ${INPUTS} inputs of seed ${SEED}`, function () {
  this.timeout(3_600_000);
  const rows: Tried[] = [];

  it('read or refuse with their own error, whatever they are given', async () => {
    const readers = [...(await wireReaders()), ...(await fileReaders())];
    const total = readers.reduce((sum, { weight = 1 }) => sum + weight, 0);
    const broken: string[] = [];
    for (const reader of readers) {
      const outcome = tried(reader, Math.ceil((INPUTS * (reader.weight ?? 1)) / total), SEED);
      if (typeof outcome === 'string') broken.push(outcome);
      else rows.push(outcome);
    }
    expect(broken.join('\n\n')).to.equal('');
  });

  after(() => record('readers', surveyTable(rows)));
});
