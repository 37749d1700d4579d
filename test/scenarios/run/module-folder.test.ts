import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect } from 'chai';
import { moduleNames } from '../../../scenarios/run/module-folder.js';

describe('moduleNames', () => {
  let folder = '';
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'modules-'));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  const listed = () => moduleNames(pathToFileURL(`${folder}/`));

  it('lists compiled modules and sources by name, declarations and other files left out', () => {
    for (const name of ['b.ts', 'a.js', 'a.d.ts', 'a.js.map', 'notes.md']) writeFileSync(join(folder, name), '');
    expect(listed()).to.deep.equal(['a', 'b']);
  });

  it('of a folder without modules is an error, not an empty list', () => {
    writeFileSync(join(folder, 'only.d.ts'), '');
    expect(listed).to.throw(RangeError, 'expected .js or .ts modules, got none');
  });
});
