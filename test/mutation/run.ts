import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { setPriority, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { rootStream } from '../../protocol/numerics/random.js';
import { Coverage } from './coverage.js';
import { applied, type Mutant, mutantsOf } from './mutants.js';
import { RelevantTests } from './relevant-tests.js';

/**
 * `npm run mutation [-- COUNT [SEED [WORD…]]]`: makes one small error at a time in a copy of the compiled protocol and runs the nearest test
 * files that run the changed place, all in one process. COUNT mutants, by a seeded choice, as many of every area; with WORDs only of
 * files with one of them in their path. Writes a line of JSON
 * for each into runs/mutation.jsonl; those that are there are not run again, so a run can be stopped and continued.
 * `npm run mutation -- --survivors` holds those that survived against further test files, and against those that changed since.
 * docs/mutation.md says what was found.
 */

const ROOT = fileURLToPath(new URL('../../../', import.meta.url));
const RESULTS = join(ROOT, 'runs', 'mutation.jsonl');
const AREAS = [
  ...['methods', 'codecs', 'privacy', 'bayesian', 'topology', 'optimizers'],
  ...['aggregators', 'attacks', 'selection', 'links', 'faults'],
]
  .map((area) => join('protocol', area))
  .concat(['layers', 'log-posterior', 'plain'].map((kind) => join('worker', 'objectives', kind)));
/** Test files after which a mutant counts as a survivor. */
const MOST_FILES = 6;
/** Of one test file; all together may take twice as long. */
const MOST_SECONDS = 20;
/** A file that takes minutes alone. */
const SLOW = /conformance\/every-method/;

/** Each module in a file of its own: in dist/ those of a start are joined. */
const compiled = join(ROOT, 'compiled');
const require = createRequire(import.meta.url);
const mocha = join(dirname(require.resolve('mocha/package.json')), 'bin', 'mocha.js');

interface Chosen {
  readonly file: string;
  readonly mutant: Mutant;
  /** Test files that did not notice it. */
  readonly tried: readonly string[];
}

/** A line of the results. */
interface Judged {
  readonly file: string;
  readonly line: number;
  readonly was: string;
  readonly now: string;
  readonly operator: Mutant['operator'];
  readonly outcome: Outcome;
  /** The test file that noticed it, or all that did not. */
  readonly by: string;
}

function choose(count: number, seed: number, words: readonly string[]): Chosen[] {
  const random = rootStream(seed, 'float64').derive('mutation');
  const perArea = AREAS.map((area) => {
    const all = readdirSync(join(compiled, area), { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.js') && !name.includes('simd'))
      .filter((name) => words.length === 0 || words.some((word) => join(area, name).includes(word)))
      .sort()
      .flatMap((name) => {
        const file = join(area, name);
        return mutantsOf(readFileSync(join(compiled, file), 'utf8')).map((mutant) => ({ file, mutant, tried: [] }));
      });
    for (let i = all.length - 1; i > 0; i--) {
      const j = Math.floor(random.uniform() * (i + 1));
      [all[i], all[j]] = [all[j]!, all[i]!];
    }
    return all;
  });
  const rounds = Array.from({ length: count }, (_, i) => perArea.flatMap((all) => all[i] ?? []));
  return rounds.flat().slice(0, count);
}

const judged = (): Judged[] =>
  existsSync(RESULTS)
    ? readFileSync(RESULTS, 'utf8')
        .split('\n')
        .filter((line) => line !== '')
        .map((line) => JSON.parse(line) as Judged)
    : [];

function notYetJudged(all: readonly Chosen[]): Chosen[] {
  const key = ({ file, line, now }: Pick<Judged, 'file' | 'line' | 'now'>) => `${file}:${line}:${now}`;
  const known = new Set(judged().map(key));
  return all.filter((one) => !known.has(key({ file: one.file, ...place(one) })));
}

/** Of the compiled files, so that what was measured of others is not used. */
function contentsOf(folder: string): string {
  const hash = createHash('sha256');
  for (const name of readdirSync(folder, { recursive: true, encoding: 'utf8' }).sort())
    if (name.endsWith('.js')) hash.update(name).update(readFileSync(join(folder, name)));
  return hash.digest('hex');
}

/** Those that no test file had noticed, out of the list. */
function takeSurvivors(): Chosen[] {
  const all = judged();
  const killed = all.filter(({ outcome }) => outcome === 'killed');
  writeFileSync(RESULTS, killed.map((line) => `${JSON.stringify(line)}\n`).join(''));
  tally.killed = killed.length;
  return all
    .filter(({ outcome }) => outcome !== 'killed')
    .flatMap(({ file, line, now, by }) => {
      const source = readFileSync(join(compiled, file), 'utf8');
      const same = mutantsOf(source).map((mutant) => ({ file, mutant, tried: by === '' ? [] : by.split(' ') }));
      const found = same.find((one) => place(one).line === line && place(one).now === now);
      if (!found) process.stderr.write(`${file}:${line}: the code has changed, left out\n`);
      return found ? [found] : [];
    });
}

type Outcome = 'killed' | 'survived' | 'no test';

const flagsOf = (tests: readonly string[], reporter: string) => [
  mocha,
  ...['--no-config', '--exit', '--bail', '--timeout', '60000', '--reporter', reporter],
  ...tests.map((test) => join('compiled', test)),
];

/** The test file that fails, or null; all run in one process. One that does not end fails. */
async function failing(sandbox: string, tests: readonly string[], seconds: number): Promise<string | null> {
  const child = spawn(process.execPath, flagsOf(tests, 'json'), { cwd: sandbox, stdio: ['ignore', 'pipe', 'ignore'] });
  let output = '';
  child.stdout!.setEncoding('utf8').on('data', (text: string) => {
    output += text;
  });
  const timer = setTimeout(() => child.kill('SIGKILL'), 1000 * (20 + 10 * seconds));
  const status = await new Promise<number | null>((resolve) => child.on('exit', (code) => resolve(code)));
  clearTimeout(timer);
  if (status === 0) return null;
  return tests.find((test) => output.includes(`${join('compiled', test)}"`)) ?? tests[0]!;
}

/** The nearest test files that hold of the files as they are and run the changed place. */
function testsOf({ file, mutant, tried }: Chosen): string[] {
  const tests: string[] = [];
  let seconds = 0;
  // The first of those that were tried is the nearest: it may have grown since.
  const candidates = relevant.of(file).filter((test) => !SLOW.test(test) && !tried.slice(1).includes(test));
  for (const test of candidates) {
    if (tests.length === MOST_FILES || !coverage.runs(test, file, mutant.start)) continue;
    const reach = coverage.reach(test);
    if (!reach.sound || reach.seconds > MOST_SECONDS || seconds + reach.seconds > 2 * MOST_SECONDS) continue;
    tests.push(test);
    seconds += reach.seconds;
  }
  return tests;
}

async function judge(sandbox: string, chosen: Chosen): Promise<[Outcome, string]> {
  const { file, mutant } = chosen;
  const tests = testsOf(chosen);
  if (tests.length === 0) return ['no test', ''];
  const path = join(sandbox, 'compiled', file);
  const source = readFileSync(join(compiled, file), 'utf8');
  writeFileSync(path, applied(source, mutant));
  const seconds = tests.reduce((sum, test) => sum + coverage.reach(test).seconds, 0);
  try {
    const by = await failing(sandbox, tests, seconds);
    return by ? ['killed', by] : ['survived', tests.join(' ')];
  } finally {
    writeFileSync(path, source);
  }
}

const place = ({ file, mutant }: Chosen) => {
  const source = readFileSync(join(compiled, file), 'utf8');
  const line = source.slice(0, mutant.start).split('\n').length;
  return {
    line,
    was: source.split('\n')[line - 1]!.trim(),
    now: applied(source, mutant).split('\n')[line - 1]!.trim(),
  };
};

setPriority(10);
const [count = '420', seed = '1', ...words] = process.argv.slice(2);
const relevant = new RelevantTests(compiled);
const coverage = new Coverage(compiled, join(ROOT, 'runs', 'mutation-coverage.json'), contentsOf(compiled), (test) =>
  flagsOf([test], 'dot'),
);
const tally = { killed: 0, survived: 0, 'no test': 0 };
mkdirSync(dirname(RESULTS), { recursive: true });
const queue = count === '--survivors' ? takeSurvivors() : notYetJudged(choose(Number(count), Number(seed), words));
const sandbox = mkdtempSync(join(tmpdir(), 'gradswarm-mutation-'));
try {
  cpSync(compiled, join(sandbox, 'compiled'), { recursive: true });
  for (const shared of ['node_modules', 'package.json', 'docs', '.ci', 'test'])
    symlinkSync(join(ROOT, shared), join(sandbox, shared));
  for (const next of queue) {
    const [outcome, by] = await judge(sandbox, next);
    tally[outcome]++;
    const all = outcome === 'killed' ? by : [...new Set([...next.tried, ...by.split(' ')])].join(' ').trim();
    const line: Judged = { ...place(next), file: next.file, operator: next.mutant.operator, outcome, by: all };
    writeFileSync(RESULTS, `${JSON.stringify(line)}\n`, { flag: 'a' });
  }
} finally {
  rmSync(sandbox, { recursive: true, force: true });
}
process.stdout.write(`${JSON.stringify(tally)}; the list is in runs/mutation.jsonl\n`);
