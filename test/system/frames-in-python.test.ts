import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { program } from './debian.js';

// The compiled tests lie one folder deeper than their sources.
const source = (path: string) => fileURLToPath(new URL(`../../../test/${path}`, import.meta.url));

describe('the wire format, read by another language', () => {
  it('Python finds in every frame of test/vectors/frames.json what its text says', function () {
    const python = program('python3', 'python3');
    if (!python) return this.skip();
    const vectors = source('vectors/frames.json');
    const { stdout, stderr } = spawnSync(python, [source('system/read_frames.py'), vectors], { encoding: 'utf8' });
    expect(stderr).to.equal('');
    expect(Number(stdout)).to.equal(JSON.parse(readFileSync(vectors, 'utf8')).frames.length);
  });
});
