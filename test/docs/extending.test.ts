import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';

const root = fileURLToPath(new URL('../../../', import.meta.url));
const textOf = (path: string) => readFileSync(`${root}${path}`, 'utf8');
const page = textOf('docs/extending.md');

describe('docs/extending.md', () => {
  it('has a section for every define… that the package exports', async () => {
    const names = readdirSync(`${root}scenarios/api`).filter((name) => name.endsWith('.ts'));
    const modules = await Promise.all(names.map((name) => import(`../../scenarios/api/${name.replace('.ts', '.js')}`)));
    const exported = new Set(modules.flatMap(Object.keys).filter((name) => /^define[A-Z]/.test(name)));
    exported.delete('defineSettings');
    expect(exported).to.include('defineMethod');
    for (const name of exported) expect(page).to.include(`\n\`${name}\` from \`gradswarm/`);
  });

  it('shows each module as it is in docs/examples, none left out', () => {
    const files = readdirSync(`${root}docs/examples`).filter(
      (name) => name.endsWith('.ts') && /^export default define/m.test(textOf(`docs/examples/${name}`)),
    );
    expect(files.length).to.be.at.least(15);
    for (const file of files)
      expect(page, file).to.include(
        `[${file}](examples/${file})\n\n\`\`\`ts\n${textOf(`docs/examples/${file}`).trimEnd()}\n\`\`\``,
      );
  });
});
