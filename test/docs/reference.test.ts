import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { BUILT_IN_NAMES, builtInTypes } from '../../scenarios/report/built-in-names.js';
import { DOCS, PAGES } from '../../scenarios/report/reference.js';

describe('pages made from the code', function () {
  this.timeout(120_000);

  it("the types of everything built in are what 'npm run docs' would write", async () => {
    expect(readFileSync(BUILT_IN_NAMES, 'utf8') === (await builtInTypes()), "run 'npm run docs'").to.equal(true);
  });

  for (const [file, page] of Object.entries(PAGES))
    it(`docs/${file} is what 'npm run docs' would write`, async () => {
      expect(readFileSync(join(DOCS, file), 'utf8') === (await page()), "run 'npm run docs'").to.equal(true);
    });
});
