import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { readJsonLines } from '../../../coordinator/run-directory/json-file.js';
import { temporaryFolder } from '../../support/scripted-run.js';

describe('files with one record a line', () => {
  it('names the line that is damaged and what can be done', () => {
    const path = join(temporaryFolder(), 'ledger.jsonl');
    writeFileSync(path, '{"round":0,"noise":"seeded"}\n{"x\n');
    expect(() => [...readJsonLines(path, 'release')]).to.throw(
      /ledger\.jsonl, line 2: expected JSON, got other text; the file is damaged: run the scenario again in a new folder/,
    );
  });
});
