import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { setPriority, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Finding } from '../../protocol/scenario/expectation.js';
import { existingPage, writeSection } from '../../scenarios/report/verification-page.js';
import { shippedNames } from '../../scenarios/run/load.js';
import { type PlantedError, plantedErrors } from './errors.js';

/**
 * `npm run verify:planted [-- NAME…]`: for each shipped scenario, runs it as it is and with one planted error, in a copy of the
 * compiled files, and writes into docs/verification.md which expectation turned. Results lie in runs/planted.json; names as arguments
 * are run again, without any those that are not there; `--table` runs nothing. A row of the page without a result there is kept.
 */

const ROOT = fileURLToPath(new URL('../../../', import.meta.url));
const KEPT = join(ROOT, 'runs', 'planted.json');

interface Outcome {
  /** What held, or was not decided, without the error and is false with it; null: nothing. */
  readonly turned: string | null;
  /** As JSON, so that a changed error is run again. */
  readonly planted: string;
}

function findings(sandbox: string, { scenario, points }: PlantedError): Finding[] {
  const script = join(sandbox, 'compiled', 'test', 'planted', 'run-scenario.js');
  const { stdout, stderr, status } = spawnSync(process.execPath, [script, scenario, JSON.stringify(points ?? null)], {
    cwd: sandbox,
    encoding: 'utf8',
    maxBuffer: 1 << 28,
  });
  if (status !== 0) throw new Error(`${scenario}: ${stderr}`);
  return stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Finding);
}

function plant(sandbox: string, planted: PlantedError): Outcome {
  const path = join(sandbox, 'compiled', planted.file);
  const source = readFileSync(path, 'utf8');
  if (source.split(planted.find).length !== 2)
    throw new Error(`${planted.scenario}: expected '${planted.find}' once in ${planted.file}`);
  const without = findings(sandbox, planted);
  const failing = without.find(({ holds }) => holds === false);
  if (failing) throw new Error(`${planted.scenario}: fails without an error: ${failing.detail}`);
  writeFileSync(
    path,
    source.replace(planted.find, () => planted.replace),
  );
  try {
    const turned = findings(sandbox, planted).find(({ holds }) => holds === false);
    return { turned: turned?.detail ?? null, planted: JSON.stringify(planted) };
  } finally {
    writeFileSync(path, source);
  }
}

function known(): Record<string, Outcome> {
  try {
    return JSON.parse(readFileSync(KEPT, 'utf8')) as Record<string, Outcome>;
  } catch {
    return {};
  }
}

const NOT_RUN = 'not run';
const NONE = '**none**';

/** Rows of the page of an error that has no result here stay as they are: results lie on one machine alone. */
function section(outcomes: Readonly<Record<string, Outcome>>): string[] {
  const cell = (text: string) => text.replaceAll('|', '\\|').replaceAll('\n', ' ');
  const written = existingPage().split('\n');
  const rows = plantedErrors.map(({ scenario, error, file }) => {
    const head = `| ${scenario} | ${error} (\`${file.replace(/\.js$/, '.ts')}\`) | `;
    const outcome = outcomes[scenario];
    const kept = written.find((line) => line.startsWith(head));
    if (outcome === undefined) return kept ?? `${head}${NOT_RUN} |`;
    return `${head}${cell(outcome.turned ?? NONE)} |`;
  });
  const count = rows.filter((row) => ![NOT_RUN, NONE].some((words) => row.endsWith(`| ${words} |`))).length;
  return [
    '## Planted errors',
    '',
    'Written by `npm run verify:planted`. An expectation that cannot fail shows nothing. Each shipped scenario is run with one error in',
    `the code that it is about; the same runs without it fail nothing. ${count} of ${shippedNames().length} scenarios notice theirs.`,
    '',
    '| scenario | error | what turned |',
    '| --- | --- | --- |',
    ...rows,
  ];
}

setPriority(10);
mkdirSync(join(ROOT, 'runs'), { recursive: true });
const names = process.argv.slice(2);
const outcomes = known();
const home = mkdtempSync(join(tmpdir(), 'gradswarm-planted-copy-'));
try {
  cpSync(join(ROOT, 'compiled'), join(home, 'compiled'), { recursive: true });
  for (const shared of ['node_modules', 'package.json']) symlinkSync(join(ROOT, shared), join(home, shared));
  for (const planted of plantedErrors) {
    const { scenario } = planted;
    if (names.includes('--table')) break;
    if (names.length > 0 ? !names.includes(scenario) : outcomes[scenario]?.planted === JSON.stringify(planted))
      continue;
    try {
      outcomes[scenario] = plant(home, planted);
      process.stderr.write(`${scenario}: ${outcomes[scenario]!.turned ?? 'NOTHING TURNED'}\n`);
    } catch (error) {
      process.stderr.write(`${(error as Error).message}\n`);
    }
    writeFileSync(KEPT, JSON.stringify(outcomes, null, 1));
  }
} finally {
  rmSync(home, { recursive: true, force: true });
}
writeSection('planted', section(outcomes));
