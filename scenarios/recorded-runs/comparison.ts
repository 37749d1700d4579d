import type { NamedRun } from '../../coordinator/report/run-plots.js';
import { numberText, verdictText } from '../../coordinator/report/units.js';
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
}

const LONGEST_LABEL = 60;

/** Throws ERR_CHECKPOINT where a folder holds no run. */
export function comparisonOf(folders: readonly string[]): Comparison & { readonly named: readonly NamedRun[] } {
  const runs = folders.flatMap((folder) => overviewOf(folder).runs);
  const opened = runs.map(openRun);
  const settings = differingSettings(opened.map(({ scenario }) => scenario));
  const labels = labelsOf(runs.length, settings);
  return {
    runs,
    labels,
    settings,
    results: resultsOf(opened),
    named: opened.map(({ rows }, i) => ({ name: labels[i]!, rows })),
  };
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
