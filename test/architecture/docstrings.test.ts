import { readFileSync } from 'node:fs';
import { dirname, join, posix } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';

const root = fileURLToPath(new URL('../../../', import.meta.url));

const DECLARED =
  /(\*\/\n(?:\/\/ biome-ignore.*\n)*)?export (?:declare )?(?:abstract )?(?:async )?(?:function\*?|const|class|interface|type) ([\w$]+)/g;
const PASSED_ON = /export (?:type )?(?:\{([^}]*)\}|\*) from '(\.[^']+)'/g;
const MODULE_ITSELF = /(\*\/\n)?export \* as ([\w$]+) from/g;

/** Names that a module exports, its own and those that it passes on, and whether a docstring is above each. */
function documented(path: string, read: (path: string) => string): ReadonlyMap<string, boolean> {
  const text = read(path);
  const found = new Map<string, boolean>();
  for (const form of [DECLARED, MODULE_ITSELF])
    for (const [, docstring, name] of text.matchAll(form)) {
      // Of overloads the first has it.
      if (!found.has(name!)) found.set(name!, docstring !== undefined);
    }
  for (const [, names, module] of text.matchAll(PASSED_ON)) {
    const inner = documented(posix.join(dirname(path), module!.replace(/\.js$/, '.ts')), read);
    if (names === undefined) for (const [name, has] of inner) found.set(name, has);
    else
      for (const entry of names.split(',').map((name) => name.trim().replace(/^type /, ''))) {
        const [original, name = original] = entry.split(' as ');
        if (original) found.set(name!, inner.get(original) ?? false);
      }
  }
  return found;
}

const fromRoot = (path: string) => readFileSync(join(root, path), 'utf8');
const { exports: named } = JSON.parse(fromRoot('package.json')) as { exports: Record<string, { default: string }> };

describe('docstrings', () => {
  it('are found above declarations, through modules that pass them on', () => {
    const files: Record<string, string> = {
      'a.ts': "export { one as first, type Two } from './b.js';\nexport * from './c.js';\n",
      'b.ts': '/** One. */\nexport function one(): void;\nexport function one(): void {}\n\nexport interface Two {}\n',
      'c.ts': '/** Three. */\n// biome-ignore lint/a: why.\nexport const three = 3;\n',
    };
    expect([...documented('a.ts', (path) => files[path]!)]).to.deep.equal([
      ['first', true],
      ['Two', false],
      ['three', true],
    ]);
  });

  for (const [path, entry] of Object.entries(named))
    it(`stand above everything that ${path.replace('.', 'gradswarm')} exports`, () => {
      const source = entry.default.replace('./dist/', '').replace(/\.js$/, '.ts');
      const names = [...documented(source, fromRoot)];
      expect(names.length).to.be.above(5);
      expect(names.filter(([, has]) => !has).map(([name]) => name)).to.deep.equal([]);
    });
});
