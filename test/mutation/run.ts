import { spawn } from 'node:child_process';
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { setPriority, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { rootStream } from '../../protocol/numerics/random.js';
import { applied, type Mutant, mutantsOf } from './mutants.js';
import { RelevantTests } from './relevant-tests.js';

/**
 * `npm run mutation [-- COUNT [SEED]]`: makes one small error at a time in the compiled protocol and runs the test files that may notice
 * it. COUNT mutants, by a seeded choice, as many of every area; each in a copy of the compiled files and a process of its own. Writes a
 * line of JSON for each into runs/mutation.jsonl. `npm run mutation -- --survivors` holds those that survived against further test files,
 * and against those that changed since. docs/mutation.md says what was found.
 */

const ROOT = fileURLToPath(new URL('../../../', import.meta.url));
const RESULTS = join(ROOT, 'runs', 'mutation.jsonl');
const AREAS = ['methods', 'codecs', 'privacy', 'bayesian', 'topology', 'optimizers'];
const AT_A_TIME = 2;
/** Of one test file. A mutant that runs for ever is noticed. */
const LIMIT_MS = 180_000;
/** Test files after which a mutant counts as a survivor. */
const MOST_FILES = 6;
/** A file that takes minutes alone. */
const SLOW = /conformance\/every-method/;

const dist = join(ROOT, 'dist');
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

function choose(count: number, seed: number): Chosen[] {
  const random = rootStream(seed, 'float64').derive('mutation');
  const perArea = AREAS.map((area) => {
    const all = readdirSync(join(dist, 'protocol', area), { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.js') && !name.includes('simd'))
      .sort()
      .flatMap((name) => {
        const file = join('protocol', area, name);
        return mutantsOf(readFileSync(join(dist, file), 'utf8')).map((mutant) => ({ file, mutant, tried: [] }));
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

/** Those that no test file had noticed, out of the list. */
function takeSurvivors(): Chosen[] {
  const all = readFileSync(RESULTS, 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Judged);
  const killed = all.filter(({ outcome }) => outcome === 'killed');
  writeFileSync(RESULTS, killed.map((line) => `${JSON.stringify(line)}\n`).join(''));
  tally.killed = killed.length;
  return all
    .filter(({ outcome }) => outcome !== 'killed')
    .flatMap(({ file, line, now, by }) => {
      const source = readFileSync(join(dist, file), 'utf8');
      const same = mutantsOf(source).map((mutant) => ({ file, mutant, tried: by === '' ? [] : by.split(' ') }));
      const found = same.find((one) => place(one).line === line && place(one).now === now);
      if (!found) process.stderr.write(`${file}:${line}: the code has changed, left out\n`);
      return found ? [found] : [];
    });
}

type Outcome = 'killed' | 'survived' | 'no test';

async function passes(sandbox: string, test: string): Promise<boolean> {
  const flags = ['--no-config', '--exit', '--bail', '--timeout', '120000', '--reporter', 'dot', join('dist', test)];
  const child = spawn(process.execPath, [mocha, ...flags], { cwd: sandbox, stdio: 'ignore' });
  const timer = setTimeout(() => child.kill('SIGKILL'), LIMIT_MS);
  const status = await new Promise<number | null>((resolve) => child.on('exit', (code) => resolve(code)));
  clearTimeout(timer);
  return status === 0;
}

/** Test files that hold of the files as they are; another says nothing of a mutant. */
const sound = new Map<string, Promise<boolean>>();

async function soundOf(sandbox: string, candidates: readonly string[]): Promise<string[]> {
  const tests: string[] = [];
  for (const test of candidates) {
    if (!sound.has(test)) sound.set(test, passes(sandbox, test));
    if (await sound.get(test)) tests.push(test);
    if (tests.length === MOST_FILES) break;
  }
  return tests;
}

async function judge(sandbox: string, { file, mutant }: Chosen, tests: readonly string[]): Promise<[Outcome, string]> {
  if (tests.length === 0) return ['no test', ''];
  const path = join(sandbox, 'dist', file);
  const source = readFileSync(join(dist, file), 'utf8');
  writeFileSync(path, applied(source, mutant));
  try {
    for (const test of tests) if (!(await passes(sandbox, test))) return ['killed', test];
    return ['survived', tests.join(' ')];
  } finally {
    writeFileSync(path, source);
  }
}

const place = ({ file, mutant }: Chosen) => {
  const source = readFileSync(join(dist, file), 'utf8');
  const line = source.slice(0, mutant.start).split('\n').length;
  return {
    line,
    was: source.split('\n')[line - 1]!.trim(),
    now: applied(source, mutant).split('\n')[line - 1]!.trim(),
  };
};

setPriority(10);
const [count = '420', seed = '1'] = process.argv.slice(2);
const relevant = new RelevantTests(dist);
const tally = { killed: 0, survived: 0, 'no test': 0 };
const again = count === '--survivors';
const queue = again ? takeSurvivors() : choose(Number(count), Number(seed));
const home = mkdtempSync(join(tmpdir(), 'gradswarm-mutation-'));
if (!again) writeFileSync(RESULTS, '');

async function work(name: string): Promise<void> {
  const sandbox = join(home, name);
  cpSync(dist, join(sandbox, 'dist'), { recursive: true });
  for (const shared of ['node_modules', 'package.json', 'docs', '.ci', 'test'])
    symlinkSync(join(ROOT, shared), join(sandbox, shared));
  for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
    const { tried } = next;
    // The first of those that were tried is the nearest: it may have grown since.
    const candidates = relevant.of(next.file).filter((test) => !SLOW.test(test) && !tried.slice(1).includes(test));
    const [outcome, by] = await judge(sandbox, next, await soundOf(sandbox, candidates));
    tally[outcome]++;
    const all = outcome === 'killed' ? by : [...new Set([...tried, ...by.split(' ')])].join(' ').trim();
    const line: Judged = { ...place(next), file: next.file, operator: next.mutant.operator, outcome, by: all };
    writeFileSync(RESULTS, `${JSON.stringify(line)}\n`, { flag: 'a' });
  }
}

try {
  await Promise.all(Array.from({ length: AT_A_TIME }, (_, i) => work(String(i))));
} finally {
  rmSync(home, { recursive: true, force: true });
}
process.stdout.write(`${JSON.stringify(tally)}; the list is in runs/mutation.jsonl\n`);
