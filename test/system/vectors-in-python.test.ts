import { spawnSync } from 'node:child_process';
import { copyFileSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { temporaryFolder } from '../support/scripted-run.js';
import { program } from './debian.js';

// The compiled tests lie one folder deeper than their sources.
const source = (name: string) => fileURLToPath(new URL(`../../../test/vectors/${name}`, import.meta.url));

describe('test/vectors', function () {
  this.timeout(300_000);

  it('holds what derive.py, which has none of this project’s code, computes from the text of the protocol', function () {
    const python = program('python3', 'python3');
    if (!python) return this.skip();
    const folder = temporaryFolder();
    copyFileSync(source('derive.py'), join(folder, 'derive.py'));
    const { status, stderr } = spawnSync(python, [join(folder, 'derive.py')], { encoding: 'utf8' });
    expect(status, stderr).to.equal(0);
    for (const name of ['streams.json', 'codecs.json', 'runs.json', 'messages.json']) {
      const derived = JSON.parse(readFileSync(join(folder, name), 'utf8'));
      expect(derived, name).to.deep.equal(JSON.parse(readFileSync(source(name), 'utf8')));
    }
  });
});
