import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';

const root = fileURLToPath(new URL('../../../', import.meta.url));
const textOf = (path: string) => readFileSync(`${root}${path}`, 'utf8');
const pages = new Map(readdirSync(`${root}docs/extending`).map((name) => [name, textOf(`docs/extending/${name}`)]));

describe('docs/extending', () => {
  it('has a page for every define… that the package exports, and the overview links it', async () => {
    const names = readdirSync(`${root}scenarios/api`).filter((name) => name.endsWith('.ts'));
    const modules = await Promise.all(names.map((name) => import(`../../scenarios/api/${name.replace('.ts', '.js')}`)));
    const exported = new Set(modules.flatMap(Object.keys).filter((name) => /^define[A-Z]/.test(name)));
    exported.delete('defineSettings');
    expect(exported).to.include('defineMethod');
    const overview = textOf('docs/extending.md');
    for (const name of exported) {
      const own = [...pages].filter(([, page]) => page.includes(`\n\`${name}\` from \`gradswarm/`));
      expect(own, name).to.have.length(1);
      expect(overview).to.include(`](extending/${own[0]![0]}) | \`${name}\` |`);
    }
    expect(pages.size).to.equal(exported.size);
  });

  it('shows on every page a whole module that makes what the page is about', () => {
    for (const [name, page] of pages) {
      const define = /^`(define\w+)` from/m.exec(page)![1];
      const blocks = [...page.matchAll(/^```ts\n([\s\S]*?)^```$/gm)].map(([, block]) => block!);
      expect(
        blocks.some((block) => new RegExp(`^export default ${define}\\(`, 'm').test(block)),
        name,
      ).to.equal(true);
    }
  });

  it('shows each module as it is in docs/examples, none left out', () => {
    const files = readdirSync(`${root}docs/examples`).filter(
      (name) => name.endsWith('.ts') && /^export default define/m.test(textOf(`docs/examples/${name}`)),
    );
    expect(files.length).to.be.at.least(15);
    const all = [...pages.values()].join('\n');
    for (const file of files)
      expect(all, file).to.include(
        `[${file}](../examples/${file})\n\n\`\`\`ts\n${textOf(`docs/examples/${file}`).trimEnd()}\n\`\`\``,
      );
  });
});
