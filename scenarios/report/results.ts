import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Judgement } from '../../protocol/scenario/expectation.js';
import { isSweep } from '../../protocol/scenario/scenario.js';
import { loadScenario, shippedNames } from '../run/load.js';
import type { RunOutcome, SweepOutcome } from '../run/run.js';

/**
 * Writes docs/results.md from the verdicts of the shipped scenarios: `npm run results`. Each is run as a person would run it;
 * names as arguments run those alone and keep what is known of the others.
 */

const ROOT = fileURLToPath(new URL('../../../', import.meta.url));
const CLI = fileURLToPath(new URL('../cli.js', import.meta.url));
const KEPT = join(ROOT, 'runs', 'results');

/** What one run of a shipped scenario showed. */
interface Shown {
  readonly name: string;
  readonly description: string;
  readonly seed: string;
  readonly seconds: number;
  readonly outcome: RunOutcome | SweepOutcome;
}

async function run(name: string): Promise<Shown> {
  const input = await loadScenario(name);
  const base = isSweep(input) ? input.base : input;
  const seeds = isSweep(input) ? input.over.seed : undefined;
  const directory = join(KEPT, name);
  rmSync(directory, { recursive: true, force: true });
  const started = performance.now();
  process.stderr.write(`${name} …\n`);
  const { stdout, stderr } = spawnSync(process.execPath, [CLI, 'run', name, '--json', '--out', directory], {
    cwd: ROOT,
    encoding: 'utf8',
    maxBuffer: 1 << 28,
  });
  const outcome = JSON.parse(stdout) as Shown['outcome'] & { readonly error?: { readonly message: string } };
  if (outcome.error) throw new Error(`${name}: ${outcome.error.message}\n${stderr}`);
  return {
    name,
    description: input.description ?? '',
    seed: seeds ? seeds.join(', ') : String(base.seed ?? 1),
    seconds: (performance.now() - started) / 1000,
    outcome,
  };
}

const isSweepOutcome = (outcome: Shown['outcome']): outcome is SweepOutcome => 'points' in outcome;

/** Expectations of the run, or those over the sweep and of its points that do not hold. */
function judgements(outcome: Shown['outcome']): readonly Judgement[] {
  if (!isSweepOutcome(outcome)) return outcome.verdict.expectations;
  const points = outcome.points.flatMap(({ label, outcome: point }) =>
    point.verdict.expectations
      .filter(({ holds }) => holds !== true)
      .map((one) => ({ ...one, detail: `${label}: ${one.detail}` })),
  );
  return [...outcome.verdict.expectations, ...points];
}

const word = (holds: boolean | 'unknown'): string => (holds === 'unknown' ? 'unknown' : holds ? 'yes' : '**no**');
const cell = (text: string): string => text.replaceAll('|', '\\|').replaceAll('\n', ' ');

function page(all: readonly Shown[]): string {
  const lines = [
    '# Results',
    '',
    'Written by `npm run results` from the verdicts of the shipped scenarios; not edited by hand. Numbers are ours, of these small',
    'runs on two cores, never a paper’s. A *claim* is a paper’s statement; beside it stands what our run gave, and whether that agrees.',
    '*reconstruction* means that what ran is not the authors’ text (the method’s page says what is ours), so the claim cannot be judged.',
    '',
    '| scenario | valid | seed | seconds | command |',
    '| --- | --- | --- | --- | --- |',
    ...all.map(({ name, seed, seconds, outcome }) => {
      const valid = isSweepOutcome(outcome) ? outcome.valid : outcome.verdict.valid;
      return `| [${name}](#${name}) | ${word(valid)} | ${seed} | ${Math.ceil(seconds)} | \`gradswarm run ${name}\` |`;
    }),
  ];
  for (const { name, description, outcome } of all) {
    lines.push('', `## ${name}`, '', description, '', '| expected and observed | holds |', '| --- | --- |');
    for (const { detail, holds } of judgements(outcome)) lines.push(`| ${cell(detail)} | ${word(holds)} |`);
    if (outcome.claims.length === 0) continue;
    lines.push('', '| claim | source | our number | status |', '| --- | --- | --- | --- |');
    for (const { claim, source, ours, status } of outcome.claims)
      lines.push(`| ${cell(claim)} | ${cell(source)} | ${cell(ours)} | ${status} |`);
  }
  return `${lines.join('\n')}\n`;
}

mkdirSync(KEPT, { recursive: true });
const chosen = process.argv.slice(2);
const all: Shown[] = [];
for (const name of shippedNames()) {
  const file = join(KEPT, `${name}.json`);
  if (chosen.length > 0 ? chosen.includes(name) : true) writeFileSync(file, JSON.stringify(await run(name)));
  if (existsSync(file)) all.push(JSON.parse(readFileSync(file, 'utf8')) as Shown);
}
writeFileSync(join(ROOT, 'docs', 'results.md'), page(all));
process.stderr.write(`docs/results.md: ${all.length} scenarios\n`);
