import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Claim } from '../../coordinator/report/report.js';
import { resultText } from '../../coordinator/report/units.js';
import type { Holds, Judgement, RunRecord } from '../../protocol/scenario/expectation.js';
import { isSweep } from '../../protocol/scenario/input.js';
import { judge, sweepVerdict } from '../../protocol/scenario/judge.js';
import { seedsOf } from '../../protocol/scenario/paired-ratio.js';
import { resolveScenario } from '../../protocol/scenario/resolve.js';
import type { Scenario } from '../../protocol/scenario/scenario.js';
import { resolveSweep } from '../../protocol/scenario/sweep.js';
import { choiceInWords } from '../../protocol/scenario/wording.js';
import { loadCatalogue, loadExpectations } from '../run/catalogue.js';
import { type Loaded, loadScenario, shippedNames } from '../run/load.js';
import { recordedRuns } from '../run/recorded.js';
import { atSeeds, sweptSeeds } from '../run/seeds.js';
import { judgeClaims } from './claims.js';

/**
 * Writes docs/results.md from the shipped scenarios: `npm run results`. Each is run as a person would run it, those that have
 * claims and one seed at three, so that a comparison has an interval; names as arguments run those alone. Results are always judged
 * again from the records in runs/results, so that after a change of expectations or claims `npm run results -- --judge` runs
 * nothing. A scenario without a record keeps its part of the page.
 */

const ROOT = fileURLToPath(new URL('../../../', import.meta.url));
const PAGE = join(ROOT, 'docs', 'results.md');
const CLI = fileURLToPath(new URL('../cli.js', import.meta.url));
const KEPT = join(ROOT, 'runs', 'results');
/** The fewest that Student's t gives an interval of use. */
const CLAIM_SEEDS = 3;

/** What the records of a shipped scenario show. */
interface Shown {
  readonly name: string;
  readonly description: string;
  readonly command: readonly string[];
  readonly seeds: readonly number[];
  readonly seconds: number;
  readonly valid: Holds;
  /** Of the run; or those over the sweep, and of its points those that do not hold. */
  readonly judgements: readonly Judgement[];
  readonly claims: readonly Claim[];
}

/** As it is run for the page, and what a person types for that. */
async function asRun(name: string): Promise<{ readonly input: Loaded; readonly command: readonly string[] }> {
  const input = await loadScenario(name);
  if (!input.claims?.length || (sweptSeeds(input)?.length ?? 1) > 1) return { input, command: ['run', name] };
  return { input: atSeeds(input, CLAIM_SEEDS), command: ['run', name, '--seeds', String(CLAIM_SEEDS)] };
}

async function run(name: string): Promise<void> {
  const { command } = await asRun(name);
  const directory = join(KEPT, name);
  rmSync(directory, { recursive: true, force: true });
  process.stderr.write(`${name} …\n`);
  const started = performance.now();
  const { status, stderr } = spawnSync(process.execPath, [CLI, ...command, '--quiet', '--out', directory], {
    cwd: ROOT,
    encoding: 'utf8',
    maxBuffer: 1 << 28,
  });
  if (status === 3) throw new Error(`${name}: ${stderr}`);
  const seconds = (performance.now() - started) / 1000;
  writeFileSync(join(directory, 'seconds.json'), JSON.stringify(seconds));
}

async function show(name: string): Promise<Shown> {
  const [catalogue, expectations] = await Promise.all([loadCatalogue(), loadExpectations()]);
  const find = (family: string) => expectations.get(family);
  const { input, command } = await asRun(name);
  const records = recordedRuns(join(KEPT, name));
  const resolved = isSweep(input) ? await resolveSweep(input, catalogue) : await resolveScenario(input, catalogue);
  const points = 'points' in resolved ? resolved.points.map(({ scenario }) => scenario) : [resolved];
  for (const [index, point] of points.entries()) checkSame(name, point, records[index]);
  const verdicts = points.map(({ expect }, index) => judge([records[index]!], expect, find));
  const failures = verdicts.flatMap(({ expectations: all }, index) =>
    all
      .filter(({ holds }) => holds !== true)
      .map((one) => ({ ...one, detail: `${choiceInWords(records[index]!.point ?? {})}: ${one.detail}` })),
  );
  // A single scenario at several seeds expects of their mean what it expects of one.
  const single = 'points' in resolved && resolved.expect.length === 0 && isAtSeedsAlone(resolved.over);
  const overall =
    'points' in resolved ? judge(records, single ? points[0]!.expect : resolved.expect, find) : verdicts[0]!;
  return {
    name,
    description: input.description ?? '',
    command,
    seeds: seedsOf(records),
    seconds: JSON.parse(readFileSync(join(KEPT, name, 'seconds.json'), 'utf8')) as number,
    valid: 'points' in resolved ? sweepVerdict(verdicts, overall) : overall.valid,
    judgements: 'points' in resolved ? [...overall.expectations, ...failures] : overall.expectations,
    claims: await judgeClaims(single ? points[0]!.claims : resolved.claims, records),
  };
}

function isAtSeedsAlone(over: Readonly<Record<string, unknown>>): boolean {
  return Object.keys(over).join() === 'seed';
}

/** A record does not count for a scenario whose settings have changed since; new settings and descriptions may differ. */
function checkSame(name: string, now: Scenario, record: RunRecord | undefined): void {
  const settings = ({ description, expect, claims, expectedSeconds, reportPlots, ...rest }: Scenario) => rest;
  if (!record || !covers(settings(now), settings(record.scenario)))
    throw new Error(`${name}: the record in runs/results is of other settings; run it again`);
}

function covers(now: unknown, before: unknown): boolean {
  if (typeof now !== 'object' || now === null || typeof before !== 'object' || before === null) return now === before;
  return Object.entries(before).every(([key, value]) => covers((now as Record<string, unknown>)[key], value));
}

const word = (holds: Holds): string => (holds === false ? '**not met**' : resultText(holds));
const cell = (text: string): string => text.replaceAll('|', '\\|').replaceAll('\n', ' ');

/** What the page has of a scenario: its row of the table and its section. */
interface Written {
  readonly row: string;
  readonly section: readonly string[];
}

/** Null: nothing. */
function writtenBefore(name: string): Written | null {
  const before = existsSync(PAGE) ? readFileSync(PAGE, 'utf8') : '';
  const row = before.split('\n').find((line) => line.startsWith(`| [${name}](`));
  const [, section] = before.split(`\n## ${name}\n`);
  return row && section ? { row, section: `## ${name}\n${section}`.split('\n## ')[0]!.trimEnd().split('\n') } : null;
}

function written({ name, description, command, seeds, seconds, valid, judgements, claims }: Shown): Written {
  const row = `| [${name}](#${name}) | ${word(valid)} | ${seeds.join(', ')} | ${Math.ceil(seconds)} | \`gradswarm ${command.join(' ')}\` |`;
  const section = [`## ${name}`, '', description, '', '| expected and observed | result |', '| --- | --- |'];
  for (const { detail, holds } of judgements) section.push(`| ${cell(detail)} | ${word(holds)} |`);
  if (claims.length > 0)
    section.push('', '| claim | source | judged on | observed | status |', '| --- | --- | --- | --- | --- |');
  for (const { claim, source, runs, ours, status, note } of claims) {
    const qualified = note === null ? `**${status}**` : `**${status}**. ${note}`;
    section.push(`| ${[claim, source, runs, ours, qualified].map(cell).join(' | ')} |`);
  }
  return { row, section };
}

function page(all: readonly Written[]): string {
  const lines = [
    '# Results',
    '',
    'Written by `npm run results` from the records of the shipped scenarios; not edited by hand. Numbers are ours, of these small',
    'runs on two cores, never a paper’s. A *claim* is a paper’s statement, held against the runs that it names:',
    '',
    '- *reproduced*, *not reproduced*: the method is as in the paper, and the number is, or is not, within the claim.',
    '- *reconstruction agrees*, *does not agree*: the method, or what the claim says, is reconstructed in part: the paper was not read, or',
    '  something else was run than it has (the page of the method and the note have the parts).',
    '- *not judged*: the runs do not decide it. A 95 % interval is paired over seeds; one that a bound cuts decides nothing. Nor do',
    '  settings that were chosen by the claim itself.',
    '',
    'Claims have three seeds or more. Seconds are of a machine that had other work as well. What each number is at seeds that were not',
    'used before: [verification.md](verification.md).',
    '',
    '| scenario | expectations | seed | seconds | command |',
    '| --- | --- | --- | --- | --- |',
    ...all.map(({ row }) => row),
    ...all.flatMap(({ section }) => ['', ...section]),
  ];
  return `${lines.join('\n')}\n`;
}

mkdirSync(KEPT, { recursive: true });
const judgeOnly = process.argv.includes('--judge');
const chosen = process.argv.slice(2).filter((argument) => argument !== '--judge');
const all: Written[] = [];
for (const name of shippedNames()) {
  if (!judgeOnly && (chosen.length === 0 || chosen.includes(name))) await run(name);
  const recorded = existsSync(join(KEPT, name, 'seconds.json'));
  const entry = recorded ? written(await show(name)) : writtenBefore(name);
  if (!recorded) process.stderr.write(`${name}: no record, ${entry ? 'left as it is' : 'left out'}\n`);
  if (entry) all.push(entry);
}
writeFileSync(PAGE, page(all));
process.stderr.write(`docs/results.md: ${all.length} scenarios\n`);
