import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { isSweep } from '../../protocol/scenario/input.js';
import { resolveScenario } from '../../protocol/scenario/resolve.js';
import { resolveSweep } from '../../protocol/scenario/sweep.js';
import { loadCatalogue } from '../../scenarios/run/catalogue.js';
import { loadScenario } from '../../scenarios/run/load.js';

const root = fileURLToPath(new URL('../../../', import.meta.url));
const textOf = (path: string) => readFileSync(join(root, path), 'utf8');

describe('tutorials', () => {
  const files = readdirSync(join(root, 'docs/examples/tutorials'));
  for (const file of files)
    it(`${file} is accepted, and a page has the command that runs it`, async () => {
      const path = `docs/examples/tutorials/${file}`;
      const input = await loadScenario(join(root, path));
      const catalogue = await loadCatalogue();
      if (isSweep(input)) await resolveSweep(input, catalogue);
      else await resolveScenario(input, catalogue);
      const pages = textOf('docs/tutorials.md') + textOf('README.md');
      expect(pages).to.include(`npx gradswarm run ${path}`);
    });

  it("README's own experiment is the file of the same name", () => {
    const [, shown] = /```json\n(.*?)```/s.exec(textOf('README.md')) ?? [];
    expect(JSON.parse(shown!)).to.deep.equal(JSON.parse(textOf('docs/examples/tutorials/my-first.json')));
  });
});
