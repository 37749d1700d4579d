import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { shippedNames } from '../../scenarios/run/load.js';
import { plantedErrors } from './errors.js';

const VERIFICATION = fileURLToPath(new URL('../../../docs/verification.md', import.meta.url));

describe('test/planted: errors', () => {
  it('every shipped scenario has one, once', () => {
    expect(plantedErrors.map(({ scenario }) => scenario).sort()).to.deep.equal([...shippedNames()].sort());
  });

  it('what each replaces stands once in its compiled file, and is changed', () => {
    for (const { scenario, file, find, replace } of plantedErrors) {
      const source = readFileSync(fileURLToPath(new URL(`../../../compiled/${file}`, import.meta.url)), 'utf8');
      expect(source.split(find).length - 1, `${scenario}: ${find}`).to.equal(1);
      expect(replace).to.not.equal(find);
    }
  });

  it('docs/verification.md has an expectation that each turns', () => {
    const page = readFileSync(VERIFICATION, 'utf8');
    for (const { scenario, error, file } of plantedErrors) {
      const begin = `| ${scenario} | ${error} (\`${file.replace(/\.js$/, '.ts')}\`) | `;
      const row = page.split('\n').find((line) => line.startsWith(begin));
      expect(row, scenario).to.match(/expected|loss is \S+ after \d+ rounds/);
    }
  });
});
