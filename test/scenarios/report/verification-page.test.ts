import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { writeSection } from '../../../scenarios/report/verification-page.js';

describe('the page of verifications', () => {
  it('keeps the sections of other scripts where one is written again', () => {
    const folder = mkdtempSync(join(tmpdir(), 'gradswarm-page-'));
    const path = join(folder, 'page.md');
    try {
      writeSection('one', ['## One', 'a'], path);
      writeSection('two', ['## Two', 'b $& c'], path);
      const both = readFileSync(path, 'utf8');
      expect(both).to.match(/^# Verification\n/);
      writeSection('one', ['## One', 'new'], path);
      expect(readFileSync(path, 'utf8')).to.equal(both.replace('\na\n', '\nnew\n'));
      writeSection('one', ['## One', 'a'], path);
      expect(readFileSync(path, 'utf8')).to.equal(both);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
