import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, posix } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';

const root = fileURLToPath(new URL('../../../', import.meta.url));

/**
 * Exports that no code of the program uses: helpers for users' scenarios and methods, and what tests compare with. A name is
 * 'path name'; '*' stands for all exports of a file.
 */
const PUBLIC: readonly (readonly [reason: string, ...entries: string[]])[] = [
  [
    'what programs and modules of users import',
    ...['codec', 'dataset', 'expectation', 'index', 'method', 'objective', 'optimizer', 'partition', 'probe'].map(
      (name) => `scenarios/api/${name}.ts *`,
    ),
    ...['scenario', 'settings', 'topology', 'vectors'].map((name) => `scenarios/api/${name}.ts *`),
    'scenarios/plug-ins/parts/module-hooks.ts *',
  ],
  [
    "helpers for users' scenarios",
    'worker/datasets/corruption.ts corruptShards',
    'scenarios/posterior/diagnostics.ts mcseQuantile',
    'scenarios/posterior/diagnostics.ts splitRhat',
  ],
  [
    "helpers for users' methods",
    'protocol/numerics/vector.ts *',
    'protocol/privacy/mechanisms/clipping.ts *',
    'protocol/settings/settings.ts *',
  ],
  [
    'accountants whose formulas check each other in tests, and answer questions about a plan',
    'protocol/privacy/accounting/conversion.ts rdpToDelta',
    'protocol/privacy/accounting/gaussian-composition.ts *',
    'protocol/privacy/accounting/zcdp.ts *',
  ],
  [
    'a state machine that the run does not use yet',
    'coordinator/members/round-tally.ts *',
    'coordinator/members/seat-step.ts *',
    'coordinator/members/seats.ts *',
  ],
  [
    'parts with known answers in tests',
    'protocol/codecs/simd/kernels.ts useSimd',
    'protocol/numerics/linear-algebra.ts kronecker',
    'protocol/numerics/normal-distribution.ts normalCdf',
    'protocol/numerics/random.ts threefryBlock',
    'protocol/numerics/special-functions.ts logErfc',
    'protocol/party/state-digest.ts canonicalState',
    'worker/objectives/log-posterior/gaussian-problems.ts problemDataset',
  ],
];

interface Module {
  /** From the repository's root, such as 'protocol/method.ts'. */
  readonly path: string;
  readonly exported: readonly string[];
  /** Exports that the file itself uses: exported for a type of its own interface, or for a test of that part. */
  readonly usedWithin: ReadonlySet<string>;
  /** 'path name' for each name imported; the name is '*' where the whole module is. */
  readonly imported: readonly string[];
}

function withoutComments(text: string): string {
  return text.replace(/\/\*[\s\S]*?\*\//g, '').replace(/(^|\s)\/\/.*$/gm, '$1');
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
  for (const [, module] of code.matchAll(/^(?:import|export) \* (?:as [\w$]+ )?from '([^']+)'/gm))
    found.push([module!, '*']);
  for (const [, module] of code.matchAll(/\bimport\(\s*'([^']+)'/g)) found.push([module!, '*']);
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
  return { path, exported, usedWithin, imported };
}

const modules: readonly Module[] = ['protocol', 'coordinator', 'worker', 'scenarios'].flatMap((area) =>
  readdirSync(join(root, area), { recursive: true, encoding: 'utf8' })
    // AssemblyScript exports what its module offers to JavaScript.
    .filter((path) => path.endsWith('.ts') && !path.includes('assembly/'))
    .map((path) => moduleOf(posix.join(area, path.replaceAll('\\', '/')))),
);

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

  it('are each used by the program, not by tests alone, or are public with a reason', () => {
    const used = new Set(modules.flatMap(({ imported }) => imported));
    const allowed = new Set<string>(PUBLIC.flatMap(([, ...entries]) => entries));
    const unused = modules.flatMap(({ path, exported, usedWithin }) =>
      exported
        .filter((name) => !usedWithin.has(name) && !used.has(`${path} ${name}`) && !used.has(`${path} *`))
        .filter((name) => !allowed.has(`${path} ${name}`) && !allowed.has(`${path} *`))
        .map((name) => `${path} ${name}`),
    );
    expect(unused.join('\n'), 'use it in the program, do not export it, or list it in PUBLIC with a reason').to.equal(
      '',
    );
  });

  it('that are listed exist', () => {
    const there = new Set(
      modules.flatMap(({ path, exported }) => [`${path} *`, ...exported.map((name) => `${path} ${name}`)]),
    );
    expect(PUBLIC.flatMap(([, ...entries]) => entries).filter((entry) => !there.has(entry))).to.deep.equal([]);
  });
});
