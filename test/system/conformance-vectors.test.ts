import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { program } from './debian.js';

// The compiled tests lie one folder deeper than their sources.
const source = (path: string) => fileURLToPath(new URL(`../../../${path}`, import.meta.url));

/** The formatter moves lines and commas; it changes nothing else. */
const bare = (text: string): string => text.replace(/[\s,]/g, '');

describe('what the conformance kit expects of codecs and halves', () => {
  for (const [name, words] of [
    ['vectors', []],
    ['adaptive-vectors', ['adaptive']],
  ] as const)
    it(`is what Python computes from the text alone: ${name}`, function () {
      const python = program('python3', 'python3');
      if (!python) return this.skip();
      const script = source('test/conformance/expected.py');
      const { stdout, stderr } = spawnSync(python, [script, ...words], { encoding: 'utf8' });
      expect(stderr).to.equal('');
      expect(bare(stdout)).to.equal(bare(readFileSync(source(`scenarios/conformance/script/${name}.ts`), 'utf8')));
    });
});
