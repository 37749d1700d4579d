import { readdirSync, readFileSync } from 'node:fs';
import { builtinModules } from 'node:module';
import { dirname, join, posix } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';

const root = fileURLToPath(new URL('../../../', import.meta.url));
const AREAS = ['protocol', 'coordinator', 'worker', 'scenarios', 'test'] as const;
const LINES_AT_MOST = 400;
/** What coordinator and worker share of Node's sockets; the rest of protocol/ knows nothing of it. */
const NODE_SOCKETS = 'protocol/sockets/';

interface Source {
  /** From the repository's root, with forward slashes. */
  readonly path: string;
  readonly area: string;
  readonly text: string;
  /** What it names in import, export-from and import(): paths from the root, or packages. */
  readonly imports: readonly string[];
}

/** Code without comments, so that a comment may say what code must not do. Strings stay: import paths are strings. */
function withoutComments(text: string): string {
  return text.replace(/\/\*[\s\S]*?\*\//g, '').replace(/(^|\s)\/\/.*$/gm, '$1');
}

export function importsOf(text: string): readonly string[] {
  const code = withoutComments(text);
  const found = [...code.matchAll(/(?:^|[\s;}])(?:import|from)\s*\(?\s*['"]([^'"\n]+)['"]/g)];
  return found.map(([, name]) => name!);
}

function sourceOf(path: string): Source {
  const text = readFileSync(join(root, path), 'utf8');
  const imports = importsOf(text).map((name) => (name.startsWith('.') ? posix.join(dirname(path), name) : name));
  return { path, area: path.split('/')[0]!, text, imports };
}

const sources: readonly Source[] = AREAS.flatMap((area) =>
  readdirSync(join(root, area), { recursive: true, encoding: 'utf8' })
    .map((path) => posix.join(area, path.replaceAll('\\', '/')))
    .filter((path) => path.endsWith('.ts'))
    .map(sourceOf),
);

const offences = (of: (source: Source) => readonly string[]): readonly string[] =>
  sources.flatMap((source) => of(source).map((what) => `${source.path}: ${what}`));

const isBuiltIn = (name: string): boolean => name.startsWith('node:') || builtinModules.includes(name.split('/')[0]!);
const isTensorFlow = (name: string): boolean => name.startsWith('@tensorflow/');
const isSocket = (name: string): boolean => ['ws', 'socket.io', 'socket.io-client'].includes(name);
const startsWithAny = (path: string, prefixes: readonly string[]): boolean =>
  prefixes.some((prefix) => path.startsWith(prefix));

/** Circles of a graph of imports, one for each import that leads back to a file under way. Types count: they are read too. */
function circlesOf(imports: ReadonlyMap<string, readonly string[]>): readonly string[] {
  const done = new Set<string>();
  const found: string[] = [];
  const visit = (path: string, way: readonly string[]): void => {
    if (way.includes(path)) {
      found.push([...way.slice(way.indexOf(path)), path].join(' -> '));
      return;
    }
    if (done.has(path)) return;
    for (const next of imports.get(path) ?? []) visit(next, [...way, path]);
    done.add(path);
  };
  for (const path of imports.keys()) visit(path, []);
  return found;
}

/** What an area may import of the others. Tests may import everything. */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  protocol: ['protocol'],
  coordinator: ['coordinator', 'protocol'],
  worker: ['worker', 'protocol'],
  scenarios: ['scenarios', 'coordinator', 'worker', 'protocol'],
};

describe('the sources', () => {
  it('are found, and their imports read in every form', () => {
    expect(sources.length).to.be.greaterThan(100);
    const forms = [
      "import a from './a.js';",
      "import type { B } from './b.js';",
      "import {\n  c,\n  d,\n} from './c.js';",
      "import './d.js';",
      "export { e } from './e.js';",
      "export * from './f.js';",
      "const g = await import('./g.js');",
      "/* import './no.js' */ // import './neither.js'",
    ].join('\n');
    expect(importsOf(forms)).to.deep.equal(['a', 'b', 'c', 'd', 'e', 'f', 'g'].map((name) => `./${name}.js`));
  });

  it('import one way: scenarios -> coordinator, worker -> protocol; coordinator and worker never each other', () => {
    const wrong = offences(({ area, imports }) => {
      const allowed = MAY_IMPORT[area];
      if (!allowed) return [];
      return imports.filter(
        (name) => (AREAS as readonly string[]).includes(name.split('/')[0]!) && !allowed.includes(name.split('/')[0]!),
      );
    });
    expect(wrong).to.deep.equal([]);
  });

  it('import in no circle: every file can be read after those that it imports', () => {
    const imports = new Map(
      sources.map(({ path, imports }) => [path, imports.map((name) => name.replace(/\.js$/, '.ts'))]),
    );
    expect(circlesOf(imports)).to.deep.equal([]);
    const planted = new Map([
      ['a', ['b']],
      ['b', ['c', 'd']],
      ['c', ['b']],
      ['d', []],
    ]);
    expect(circlesOf(planted)).to.deep.equal(['b -> c -> b']);
  });

  it('name relative imports with their .js ending', () => {
    // AssemblyScript names modules without an ending.
    const wrong = offences(({ path, area, imports }) =>
      path.includes('/assembly/')
        ? []
        : imports.filter((name) => name.startsWith(`${area}/`) && !/\.(js|json)$/.test(name)),
    );
    expect(wrong).to.deep.equal([]);
  });

  it('use no Node built-in in protocol/, its sockets/ left out, and worker/objectives/: both run in a browser', () => {
    const wrong = offences(({ path, imports, text }) => {
      if (!startsWithAny(path, ['protocol/', 'worker/objectives/']) || path.startsWith(NODE_SOCKETS)) return [];
      const globals = /\b(process|Buffer|require|__dirname)\b\s*[.([]/.exec(withoutComments(text));
      return [...imports.filter(isBuiltIn), ...(globals ? [globals[1]!] : [])];
    });
    expect(wrong).to.deep.equal([]);
  });

  it('know TensorFlow.js only in worker/device/ and worker/objectives/tensorflow/', () => {
    const wrong = offences(({ path, imports }) =>
      startsWithAny(path, ['worker/device/', 'worker/objectives/tensorflow/', 'test/'])
        ? []
        : imports.filter(isTensorFlow),
    );
    expect(wrong).to.deep.equal([]);
  });

  it('check settings in one way: zod is for bytes from outside, which are control messages, ledgers and files of a run', () => {
    const readers = [
      'protocol/wire/',
      'protocol/privacy/accounting/ledger-entry.ts',
      'coordinator/',
      'worker/worker-session.ts',
      'test/',
    ];
    const wrong = offences(({ path, imports }) =>
      startsWithAny(path, readers) ? [] : imports.filter((name) => name === 'zod'),
    );
    expect(wrong).to.deep.equal([]);
  });

  it('know no sockets in protocol/ and in worker/objectives/, its sockets/ left out, which only coordinator/ and worker/ use', () => {
    const wrong = offences(({ path, imports }) =>
      startsWithAny(path, ['protocol/', 'worker/objectives/', 'worker/datasets/']) && !path.startsWith(NODE_SOCKETS)
        ? imports.filter((name) => isSocket(name) || name.startsWith(NODE_SOCKETS))
        : [],
    );
    expect(wrong).to.deep.equal([]);
  });

  it('draw no unkeyed randomness, read no clock and set no timer in protocol/, objectives and data sets', () => {
    const forbidden =
      /\b(Math\.random|Date\.now|new Date\b|performance\.now|setTimeout|setInterval|setImmediate|crypto\.getRandomValues)\b/;
    const wrong = offences(({ path, text }) => {
      if (!startsWithAny(path, ['protocol/', 'worker/objectives/', 'worker/datasets/'])) return [];
      if (path.startsWith(NODE_SOCKETS)) return [];
      const found = forbidden.exec(withoutComments(text));
      return found ? [found[1]!] : [];
    });
    expect(wrong).to.deep.equal([]);
  });

  it('let a method import the interface, its tools and the other methods, but not the party that runs it', () => {
    const tools = [
      'method.js',
      'meetings.js',
      'tasks.js',
      'errors.js',
      'forecast.js',
      'settings/',
      'schedules/',
      'methods/',
      'numerics/',
      'optimizers/',
      'codecs/',
      'bayesian/',
      'privacy/',
    ];
    const wrong = offences(({ path, imports }) =>
      path.startsWith('protocol/methods/')
        ? imports.filter(
            (name) =>
              !startsWithAny(
                name,
                tools.map((tool) => `protocol/${tool}`),
              ),
          )
        : [],
    );
    expect(wrong).to.deep.equal([]);
  });

  it('use no function of Math whose bits differ between engines, where numbers of a run are made', () => {
    const unstable =
      /\bMath\.(exp|expm1|log|log1p|log2|log10|pow|sin|cos|tan|sinh|cosh|tanh|asinh|acosh|atanh|asin|acos|atan|atan2|cbrt|hypot)\b/;
    const wrong = offences(({ path, text }) => {
      if (!startsWithAny(path, ['protocol/methods/', 'protocol/codecs/', 'protocol/optimizers/', 'protocol/party/']))
        return [];
      const found = unstable.exec(withoutComments(text));
      return found ? [found[0]] : [];
    });
    expect(wrong).to.deep.equal([]);
  });

  it("declare what is private to a class in one way: 'private', never '#name'", () => {
    const wrong = offences(({ text }) =>
      [...withoutComments(text).matchAll(/^ +(?:static |readonly |async |get )*(#\w+)|this\.(#\w+)/gm)].map(
        ([, declared, used]) => (declared ?? used)!,
      ),
    );
    expect(wrong).to.deep.equal([]);
  });

  it(`have ${LINES_AT_MOST} lines at most`, () => {
    const wrong = offences(({ area, text }) => {
      if (area === 'test') return [];
      const lines = text.trimEnd().split('\n').length;
      return lines > LINES_AT_MOST ? [`${lines} lines`] : [];
    });
    expect(wrong).to.deep.equal([]);
  });
});
