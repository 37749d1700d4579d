import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { DOCS, PAGES } from '../../scenarios/report/reference.js';

describe('pages made from the code', () => {
  for (const [file, page] of Object.entries(PAGES))
    it(`docs/${file} is what 'npm run docs' would write`, async () => {
      expect(readFileSync(join(DOCS, file), 'utf8') === (await page()), "run 'npm run docs'").to.equal(true);
    });
});
