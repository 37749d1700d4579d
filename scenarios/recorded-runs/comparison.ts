import type { SeedGroup } from '../../coordinator/report/comparison-plots.js';
import type { NamedRun } from '../../coordinator/report/run-plots.js';
import { type SeedDifference, seedDifferences } from '../../coordinator/report/seed-comparisons.js';
import { groupsOf, settingName } from '../../coordinator/report/sweep-tables.js';
import { numberText, verdictText } from '../../coordinator/report/units.js';
import type { SweepPoint } from '../../coordinator/run-directory/sweep-directory.js';
import { valueInWords } from '../../protocol/scenario/wording.js';
import type { Json } from '../../protocol/settings/plain-data.js';
import { type OpenedRun, openRun } from '../run/open-run.js';
import { type Difference, differingSettings } from './differences.js';
import { overviewOf } from './overview.js';

/** Runs side by side. */
export interface Comparison {
  /** Folders, in the order given; the points of a sweep in its place. */
  readonly runs: readonly string[];
  /** One short label each, of what differs. */
  readonly labels: readonly string[];
  readonly settings: readonly Difference[];
  /** Verdict, state and figures; of these only such as differ. */
  readonly results: readonly Difference[];
  /** Of runs at several seeds: each setting against the first. */
  readonly differences: readonly SeedDifference[];
}

const LONGEST_LABEL = 60;

/** What is drawn: runs alone, or bands over seeds. */
export interface Curves {
  readonly named: readonly NamedRun[];
  /** Runs that differ in nothing but their seed; empty: no two do. */
  readonly groups: readonly SeedGroup[];
}

/** Throws ERR_CHECKPOINT where a folder holds no run. */
export function comparisonOf(folders: readonly string[]): Comparison & Curves {
  const runs = folders.flatMap((folder) => overviewOf(folder).runs);
  const opened = runs.map(openRun);
  const settings = differingSettings(opened.map(({ scenario }) => scenario));
  const labels = labelsOf(runs.length, settings);
  const points = pointsOf(runs, opened, settings);
  const testSizes = new Set(opened.map(({ manifest }) => manifest.testExamples));
  return {
    runs,
    labels,
    settings,
    results: resultsOf(opened),
    differences: seedDifferences(points, testSizes.size === 1 ? opened[0]!.manifest.testExamples : undefined),
    named: opened.map(({ rows }, i) => ({ name: labels[i]!, rows })),
    groups: seedGroupsOf(points, opened),
  };
}

function pointsOf(runs: readonly string[], opened: readonly OpenedRun[], differing: readonly Difference[]) {
  return opened.map(({ scenario, verdict, summary, stateDigest }, i): SweepPoint => {
    const settings = differing.map(({ name, values }) => [name, settingText(values[i])] as const);
    const numbers = Object.entries(summary).flatMap(([name, value]) =>
      typeof value === 'number' ? [[name, value] as const] : [],
    );
    return {
      directory: runs[i]!,
      settings: { ...Object.fromEntries(settings), seed: scenario.seed },
      valid: verdict?.valid ?? 'unknown',
      results: Object.fromEntries(numbers),
      stateDigest,
    };
  });
}

/** Empty where a seed is there twice under one setting: such runs are no sample of seeds. */
function seedGroupsOf(points: readonly SweepPoint[], opened: readonly OpenedRun[]): SeedGroup[] {
  const names = Object.keys(points[0]?.settings ?? {}).filter((name) => name !== 'seed');
  const groups = groupsOf(points, names);
  const seeds = groups.map((group) => new Set(group.points.map(({ settings }) => settings.seed)).size);
  if (!groups.every((group, i) => seeds[i] === group.points.length) || !seeds.some((count) => count > 1)) return [];
  return groups.map((group) => ({
    name: names.map((name) => `${settingName(name, names)}=${group.settings[name]}`).join(' ') || 'all',
    runs: group.points.map((point) => opened[points.indexOf(point)]!.rows),
  }));
}

/** `a`, `b`, … with the first values that differ, where they are short. */
function labelsOf(count: number, settings: readonly Difference[]): string[] {
  return Array.from({ length: count }, (_, i) => {
    const words = settings.map(
      ({ name, values }) => `${name.split('.').slice(-2).join('.')}=${settingText(values[i])}`,
    );
    let label = letterOf(i);
    for (const word of words) if (`${label} ${word}`.length <= LONGEST_LABEL) label += ` ${word}`;
    return label;
  });
}

/** a to z, then aa, ab, … */
export function letterOf(index: number): string {
  const letter = String.fromCharCode(97 + (index % 26));
  return index < 26 ? letter : letterOf(Math.floor(index / 26) - 1) + letter;
}

function resultsOf(opened: readonly OpenedRun[]): Difference[] {
  const verdicts = opened.map(({ verdict }) => (verdict ? verdictText(verdict.valid) : 'not finished'));
  const states = opened.map(({ stateDigest }) => stateDigest?.slice(0, 16) ?? 'none');
  const figures = [...new Set(opened.flatMap(({ summary }) => Object.keys(summary)))].map((name) => ({
    name,
    values: opened.map(({ summary }) => summary[name]),
  }));
  const differing = figures.filter(({ values }) => new Set(values.map((value) => JSON.stringify(value))).size > 1);
  return [{ name: 'verdict', values: verdicts }, ...differing, { name: 'state', values: states }];
}

export function settingText(value: Json | undefined): string {
  if (value === undefined) return '–';
  return typeof value === 'number' ? numberText(value) : valueInWords(value);
}
