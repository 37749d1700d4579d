import { existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Judgement } from '../../protocol/scenario/expectation.js';
import { isSweep } from '../../protocol/scenario/input.js';
import { judge } from '../../protocol/scenario/judge.js';
import { inDigits } from '../../protocol/scenario/quantity.js';
import { resolveScenario } from '../../protocol/scenario/resolve.js';
import type { Spec } from '../../protocol/scenario/scenario.js';
import { resolveSweep } from '../../protocol/scenario/sweep.js';
import { loadCatalogue, loadExpectations } from '../run/catalogue.js';
import { loadScenario, shippedNames } from '../run/load.js';
import { recordedRuns } from '../run/recorded.js';
import { runScenario, runSweep } from '../run/runtime.js';
import { seedsFrom, sweptSeeds } from '../run/seeds.js';
import { type SeedTrial, seedTrials } from './seed-trials.js';
import { writeSection } from './verification-page.js';

/**
 * `npm run verify:seeds [-- [--trials N] [--judge] [NAME…]]`: runs the shipped scenarios at seeds that none of them was chosen by and
 * writes how often each expectation holds into docs/verification.md. Trial t begins at seed 1000 + 100 t; a sweep over seeds
 * takes as many from there on. Records lie in runs/seeds and are not run twice; `--judge` runs nothing.
 */

const ROOT = fileURLToPath(new URL('../../../', import.meta.url));
const KEPT = join(ROOT, 'runs', 'seeds');

const firstSeed = (trial: number) => 1000 + 100 * trial;
const folderOf = (name: string, trial: number) => join(KEPT, name, String(firstSeed(trial)));

async function run(name: string, trial: number): Promise<void> {
  const directory = folderOf(name, trial);
  if (existsSync(join(directory, 'done'))) return;
  rmSync(directory, { recursive: true, force: true });
  const input = seedsFrom(await loadScenario(name), firstSeed(trial));
  const catalogue = await loadCatalogue();
  const options = { directory, listen: null, signal: new AbortController().signal };
  const started = performance.now();
  if (isSweep(input)) await runSweep(await resolveSweep(input, catalogue), options);
  else await runScenario(await resolveScenario({ ...input, workers: { count: 0 } }, catalogue), options);
  writeFileSync(join(directory, 'done'), '');
  process.stderr.write(`${name} ${firstSeed(trial)}: ${Math.ceil((performance.now() - started) / 1000)} s\n`);
}

interface Shown {
  readonly name: string;
  readonly seeds: string;
  readonly trials: readonly SeedTrial[];
}

/** Null: there is no record of it. */
async function show(name: string): Promise<Shown | null> {
  const folders = existsSync(join(KEPT, name)) ? readdirSync(join(KEPT, name)) : [];
  const done = folders.filter((folder) => existsSync(join(KEPT, name, folder, 'done'))).sort((a, b) => +a - +b);
  if (done.length === 0) return null;
  const input = await loadScenario(name);
  const [catalogue, expectations] = await Promise.all([loadCatalogue(), loadExpectations()]);
  const find = (family: string) => expectations.get(family);
  const sweep = isSweep(input) ? await resolveSweep(input, catalogue) : null;
  const points = sweep
    ? sweep.points.map(({ scenario }) => scenario)
    : [await resolveScenario(input as never, catalogue)];
  // Expectations of every point stand once; the worst point decides.
  const ofPoints: readonly Spec[] = points[0]!.expect;
  const judgements = done.map((folder) => {
    const records = recordedRuns(join(KEPT, name, folder));
    const each = ofPoints.map((spec) => worst(records.map((record) => judge([record], [spec], find).expectations[0]!)));
    return [...each, ...(sweep ? judge(records, sweep.expect, find).expectations : [])];
  });
  const swept = sweptSeeds(input)?.length ?? 1;
  return {
    name,
    seeds: `${done.join(', ')}${swept > 1 ? ` (${swept} seeds each)` : ''}`,
    trials: seedTrials([...ofPoints, ...(sweep?.expect ?? [])], judgements),
  };
}

const rank = ({ holds }: Judgement) => (holds === false ? 0 : holds === 'unknown' ? 1 : 2);
const worst = (all: readonly Judgement[]) => all.reduce((least, one) => (rank(one) < rank(least) ? one : least));

function section(all: readonly Shown[]): string[] {
  const total = all.flatMap(({ trials }) => trials);
  const lines = [
    '## Other seeds',
    '',
    'Written by `npm run verify:seeds`. An expectation was chosen while looking at some seeds. Here every scenario is run at seeds that',
    'were not used before, and each expectation is judged at each. *Margin*: distance of the mean from the nearest bound, in standard',
    'deviations over the trials (of logarithms where all numbers are above 0); below 2 it is not safe.',
    '',
    `${total.filter(({ held, trials }) => held === trials).length} of ${total.length} expectations of ${all.length} scenarios hold at every seed tried ` +
      `(${Math.min(...all.map(({ trials }) => trials[0]!.trials))} to ${Math.max(...all.map(({ trials }) => trials[0]!.trials))} trials a scenario; of the others of ${shippedNames().length} nothing is known).`,
  ];
  for (const { name, seeds, trials } of all) {
    const rows = ['| expectation | holds | from | to | margin |', '| --- | --- | --- | --- | --- |'];
    lines.push('', `### ${name} at other seeds`, '', `Seeds ${seeds}.`, '', ...rows);
    for (const { expectation, held, trials: count, range, margin } of trials) {
      const often = held === count ? `${held} of ${count}` : `**${held} of ${count}**`;
      const [from, to] = range ? range.map(inDigits) : ['', ''];
      lines.push(`| ${expectation.replaceAll('|', '\\|')} | ${often} | ${from} | ${to} | ${marginInWords(margin)} |`);
    }
  }
  return lines;
}

function marginInWords(margin: number | null): string {
  if (margin === null) return '';
  if (Number.isFinite(margin)) return margin.toFixed(1);
  return margin > 0 ? 'all equal' : 'all beyond';
}

const given = process.argv.slice(2);
const judgeOnly = given.includes('--judge');
const trials = given.includes('--trials') ? Number(given[given.indexOf('--trials') + 1]) : 10;
const chosen = given.filter((argument) => shippedNames().includes(argument));
mkdirSync(KEPT, { recursive: true });
// All scenarios at one seed before any at two, the quick ones first: what stops early has seen every one.
const quickFirst = (await Promise.all(shippedNames().map(async (name) => ({ name, ...(await loadScenario(name)) }))))
  .map(({ name, expectedSeconds }) => ({ name, seconds: expectedSeconds ?? 0 }))
  .sort((one, other) => one.seconds - other.seconds)
  .map(({ name }) => name);
if (!judgeOnly)
  for (let trial = 0; trial < trials; trial++)
    for (const name of chosen.length > 0 ? chosen : quickFirst) await run(name, trial);
const shown = (await Promise.all(shippedNames().map(show))).filter((one) => one !== null);
writeSection('seeds', section(shown));
process.stderr.write(`docs/verification.md: ${shown.length} scenarios\n`);
