import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { RunDirectory } from '../../coordinator/run-directory/run-directory.js';
import type { Judgement, RunRecord } from '../../protocol/scenario/expectation.js';
import { isSweep } from '../../protocol/scenario/input.js';
import { judge } from '../../protocol/scenario/judge.js';
import { resolveScenario } from '../../protocol/scenario/resolve.js';
import type { Spec } from '../../protocol/scenario/scenario.js';
import { resolveSweep } from '../../protocol/scenario/sweep.js';
import { loadCatalogue, loadExpectations } from '../run/catalogue.js';
import { loadScenario, shippedNames } from '../run/load.js';
import { recordedRun } from '../run/recorded.js';
import { seedsFrom, sweptSeeds } from '../run/seeds.js';
import { runSession } from '../run/session.js';
import { fullerSection, type SeedSection, seedSection, seedSections, trialsIn } from './seed-sections.js';
import { seedTrials } from './seed-trials.js';
import { existingPage, writeSection } from './verification-page.js';

/**
 * `npm run verify:seeds [-- [--trials N] [--judge] [NAME…]]`: runs the shipped scenarios at seeds that none of them was chosen by and
 * writes how often each expectation holds into docs/verification.md. Trial t begins at seed 1000 + 100 t; a sweep over seeds
 * takes as many from there on. Records lie in runs/seeds and are not run twice; `--judge` runs nothing. A
 * section of the page with more trials than there are records here stays as it is.
 */

const ROOT = fileURLToPath(new URL('../../../', import.meta.url));
const KEPT = join(ROOT, 'runs', 'seeds');

const firstSeed = (trial: number) => 1000 + 100 * trial;
const folderOf = (name: string, trial: number) => join(KEPT, name, String(firstSeed(trial)));

/** Without reports: each point in a folder of its own, by its number. */
async function run(name: string, trial: number): Promise<void> {
  const directory = folderOf(name, trial);
  if (existsSync(join(directory, 'done'))) return;
  rmSync(directory, { recursive: true, force: true });
  mkdirSync(directory, { recursive: true });
  const input = seedsFrom(await loadScenario(name), firstSeed(trial));
  const catalogue = await loadCatalogue();
  const started = performance.now();
  const points = isSweep(input)
    ? (await resolveSweep(input, catalogue)).points
    : [{ scenario: await resolveScenario({ ...input, workers: { count: 0 } }, catalogue), values: undefined }];
  for (const [index, { scenario, values }] of points.entries()) {
    const path = join(directory, String(index));
    await runSession(scenario, () => RunDirectory.create({ root: directory, scenarioName: name, scenario, path }), {
      listen: null,
      signal: new AbortController().signal,
      drawReport: async () => '',
      ...(values && { point: values }),
    });
  }
  writeFileSync(join(directory, 'done'), String(points.length));
  process.stderr.write(`${name} ${firstSeed(trial)}: ${Math.ceil((performance.now() - started) / 1000)} s\n`);
}

function recordsIn(directory: string): RunRecord[] {
  const points = Number(readFileSync(join(directory, 'done'), 'utf8'));
  return Array.from({ length: points }, (_, index) => recordedRun(join(directory, String(index))));
}

/** What it expects: of every point once, the worst of which decides, and of the whole sweep. */
async function expectationsOf(name: string) {
  const input = await loadScenario(name);
  const catalogue = await loadCatalogue();
  const sweep = isSweep(input) ? await resolveSweep(input, catalogue) : null;
  const [point] = sweep
    ? sweep.points.map(({ scenario }) => scenario)
    : [await resolveScenario(input as never, catalogue)];
  const ofPoints: readonly Spec[] = point!.expect;
  return { input, ofPoints, ofSweep: sweep?.expect ?? [] };
}

/** Null: neither a record nor the page knows anything of it. */
async function show(name: string, page: readonly SeedSection[]): Promise<SeedSection | null> {
  const { input, ofPoints, ofSweep } = await expectationsOf(name);
  const specs = [...ofPoints, ...ofSweep];
  const kept = page.find((section) => section.name === name);
  const expectations = seedTrials(specs, []).map(({ expectation }) => expectation);
  const folders = existsSync(join(KEPT, name)) ? readdirSync(join(KEPT, name)) : [];
  const done = folders.filter((folder) => existsSync(join(KEPT, name, folder, 'done'))).sort((a, b) => +a - +b);
  if (done.length === 0) return fullerSection(undefined, kept, expectations);
  const families = await loadExpectations();
  const find = (family: string) => families.get(family);
  const judgements = done.map((folder) => {
    const records = recordsIn(join(KEPT, name, folder));
    const each = ofPoints.map((spec) => worst(records.map((record) => judge([record], [spec], find).expectations[0]!)));
    return [...each, ...(ofSweep.length > 0 ? judge(records, ofSweep, find).expectations : [])];
  });
  const swept = sweptSeeds(input)?.length ?? 1;
  const seeds = `${done.join(', ')}${swept > 1 ? ` (${swept} seeds each)` : ''}`;
  return fullerSection(seedSection(name, seeds, seedTrials(specs, judgements)), kept, expectations);
}

const rank = ({ holds }: Judgement) => (holds === false ? 0 : holds === 'unknown' ? 1 : 2);
const worst = (all: readonly Judgement[]) => all.reduce((least, one) => (rank(one) < rank(least) ? one : least));

function section(all: readonly SeedSection[]): string[] {
  const rows = all.flatMap((one) => one.rows);
  const trials = all.map(trialsIn);
  const unknown = shippedNames().filter((name) => !all.some((one) => one.name === name));
  return [
    '## Other seeds',
    '',
    'Written by `npm run verify:seeds`. An expectation was chosen while looking at some seeds. Here every scenario is run at seeds that',
    'were not used before, and each expectation is judged at each. *Margin*: distance of the mean from the nearest bound, in standard',
    'deviations over the trials (of logarithms where all numbers are above 0); below 2 it is not safe.',
    '',
    `${rows.filter(({ held, trials: count }) => held === count).length} of ${rows.length} expectations of ${all.length} scenarios hold at every seed tried ` +
      `(${Math.min(...trials)} to ${Math.max(...trials)} trials a scenario). ${
        unknown.length === 0 ? 'No scenario is left out.' : `Not tried at other seeds: ${unknown.join(', ')}.`
      }`,
    ...all.flatMap(({ lines }) => ['', ...lines]),
  ];
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
const page = seedSections(existingPage());
const shown = (await Promise.all(shippedNames().map((name) => show(name, page)))).filter((one) => one !== null);
writeSection('seeds', section(shown));
process.stderr.write(`docs/verification.md: ${shown.length} scenarios\n`);
