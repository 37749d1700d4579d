import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, posix } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';

const root = fileURLToPath(new URL('../../../', import.meta.url));

/** Exports that no other file of the program imports and no part of a file that a test examines. A name is 'path name'. */
const PUBLIC: readonly (readonly [reason: string, ...entries: string[]])[] = [
  [
    'read from a method by its loader',
    'protocol/methods/private/diff2.ts forecast',
    'protocol/methods/private/dp-ftrl.ts forecast',
  ],
  [
    "hooks that Node's module loader calls",
    'scenarios/plug-ins/parts/module-hooks.ts resolve',
    'scenarios/plug-ins/parts/module-hooks.ts load',
  ],
  [
    'plain loops in place of kernels, to compare the two',
    'protocol/codecs/simd/kernels.ts useSimd',
    'protocol/numerics/simd/word-blocks.ts useWordSimd',
    'protocol/wire/simd/finite-pieces.ts useFiniteSimd',
    'worker/datasets/simd/pixel-pieces.ts usePixelSimd',
    'protocol/numerics/simd/vector-pieces.ts useVectorSimd',
  ],
  ['a generator with published known answers', 'protocol/numerics/random.ts threefryBlock'],
];

interface Module {
  /** From the repository's root, such as 'protocol/method.ts'. */
  readonly path: string;
  readonly exported: readonly string[];
  /** Exported types. */
  readonly types: ReadonlySet<string>;
  /** Exports that the file itself uses. */
  readonly usedWithin: ReadonlySet<string>;
  /** 'path name' for each name imported; the name is '*' where the whole module is. */
  readonly imported: readonly string[];
}

function withoutComments(text: string): string {
  // A name of columns such as 'alignment/*' begins none.
  return text.replace(/(?<!\w)\/\*[\s\S]*?\*\//g, '').replace(/(^|\s)\/\/.*$/gm, '$1');
}

/** Names of values and types that a source exports by name. */
export function exportsOf(text: string): readonly string[] {
  const code = withoutComments(text);
  const declared =
    /^export (?:declare )?(?:abstract )?(?:async )?(?:function\*?|const|let|class|interface|type|enum) ([A-Za-z_$][\w$]*)/gm;
  const lists = [...code.matchAll(/^export (?:type )?\{([^}]*)\}/gm)].flatMap(([, names]) =>
    names!.split(',').map((name) =>
      name
        .replace(/^.* as /s, '')
        .replace('type ', '')
        .trim(),
    ),
  );
  return [...[...code.matchAll(declared)].map(([, name]) => name!), ...lists].filter(
    (name) => name && name !== 'default',
  );
}

/** What a source takes from which module, as [module, name]. */
export function importedBy(text: string): readonly (readonly [string, string])[] {
  const code = withoutComments(text);
  const found: [string, string][] = [];
  for (const [, names, module] of code.matchAll(
    /^(?:import|export) (?:type )?(?:[\w$]+, )?\{([^}]*)\} from '([^']+)'/gm,
  ))
    for (const name of names!.split(',')) {
      const original = name
        .trim()
        .replace(/^type /, '')
        .replace(/ as .*$/, '');
      if (original) found.push([module!, original]);
    }
  for (const [, module] of code.matchAll(/^(?:import|export) (?:type )?\* (?:as [\w$]+ )?from '([^']+)'/gm))
    found.push([module!, '*']);
  for (const [, module] of code.matchAll(/(?<!typeof )\bimport\(\s*'([^']+)'/g)) found.push([module!, '*']);
  return found;
}

function moduleOf(path: string): Module {
  const text = readFileSync(join(root, path), 'utf8');
  const imported = importedBy(text)
    .filter(([module]) => module.startsWith('.'))
    .map(([module, name]) => `${posix.join(dirname(path), module).replace(/\.js$/, '.ts')} ${name}`);
  const exported = exportsOf(text);
  const words: readonly string[] = withoutComments(text).match(/[A-Za-z_$][\w$]*/g) ?? [];
  const usedWithin = new Set(exported.filter((name) => words.indexOf(name) !== words.lastIndexOf(name)));
  const types = new Set([...text.matchAll(/^export (?:interface|type) ([A-Za-z_$][\w$]*)/gm)].map(([, name]) => name!));
  return { path, exported, types, usedWithin, imported };
}

function modulesIn(...areas: string[]): readonly Module[] {
  return areas.flatMap((area) =>
    readdirSync(join(root, area), { recursive: true, encoding: 'utf8' })
      // AssemblyScript exports what its module offers to JavaScript.
      .filter((path) => path.endsWith('.ts') && !path.includes('assembly/'))
      .map((path) => moduleOf(posix.join(area, path.replaceAll('\\', '/')))),
  );
}

const modules = modulesIn('protocol', 'coordinator', 'worker', 'scenarios');
const importedIn = (from: readonly Module[]) => new Set(from.flatMap(({ imported }) => imported));

/** The modules that users import, as package.json names them. */
const { exports: named } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
const entries = new Set(
  Object.values(named).map((entry) =>
    (typeof entry === 'string' ? entry : (entry as { default: string }).default)
      .replace(/^\.\/dist\//, '')
      .replace(/\.js$/, '.ts'),
  ),
);

/**
 * Why is this exported? Users import it; or another file of the program imports it; or it is a part of what its file does, and a test examines
 * that part; or it is a type, which names a piece of its file's interface.
 */
function unexplained(program: ReadonlySet<string>, tests: ReadonlySet<string>): readonly string[] {
  const inner = modules.filter(({ path }) => !entries.has(path));
  return inner.flatMap(({ path, exported, types, usedWithin }) =>
    exported
      .filter((name) => {
        const imports = (by: ReadonlySet<string>) => by.has(`${path} ${name}`) || by.has(`${path} *`);
        if (imports(program)) return false;
        return !(usedWithin.has(name) && (types.has(name) || imports(tests)));
      })
      .map((name) => `${path} ${name}`),
  );
}

describe('exports', () => {
  it('are found in every form', () => {
    const text = [
      'export const a = 1;',
      'export async function b() {}',
      'export interface C {}',
      'export { d, e as f };',
      'export default g;',
    ].join('\n');
    expect(exportsOf(text)).to.deep.equal(['a', 'b', 'C', 'd', 'f']);
    const imports = [
      "import g, { type A, b as c } from './one.js';",
      "import * as two from './two.js';",
      "const { three } = await import('./three.js');",
    ].join('\n');
    expect(importedBy(imports)).to.deep.equal([
      ['./one.js', 'A'],
      ['./one.js', 'b'],
      ['./two.js', '*'],
      ['./three.js', '*'],
    ]);
  });

  it('are each imported by another file of the program, a part that a test examines, or public with a reason', () => {
    const found = unexplained(importedIn(modules), importedIn(modulesIn('test')));
    const listed = new Set(PUBLIC.flatMap(([, ...entries]) => entries));
    expect(
      found.filter((entry) => !listed.has(entry)).join('\n'),
      'use it in the program, do not export it, move it to test/support, or list it in PUBLIC with a reason',
    ).to.equal('');
    expect([...listed].filter((entry) => !found.includes(entry)).join('\n'), 'needs no entry in PUBLIC').to.equal('');
  });
});
