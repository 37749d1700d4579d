import { inDigits } from '../../protocol/scenario/quantity.js';
import type { SeedTrial } from './seed-trials.js';

/** What docs/verification.md has of one scenario at other seeds. */
export interface SeedSection {
  readonly name: string;
  readonly lines: readonly string[];
  readonly rows: readonly Pick<SeedTrial, 'expectation' | 'held' | 'trials'>[];
}

const HEADING = /^### (\S+) at other seeds$/;
const ROW = /^\| (.*?) \| (?:\*\*)?(\d+) of (\d+)(?:\*\*)? \|/;

/** `seeds`: where each trial began. */
export function seedSection(name: string, seeds: string, trials: readonly SeedTrial[]): SeedSection {
  const lines = [
    ...[`### ${name} at other seeds`, '', `Seeds ${seeds}.`, ''],
    ...['| expectation | holds | from | to | margin |', '| --- | --- | --- | --- | --- |'],
  ];
  for (const { expectation, held, trials: count, range, margin } of trials) {
    const often = held === count ? `${held} of ${count}` : `**${held} of ${count}**`;
    const [from, to] = range ? range.map(inDigits) : ['', ''];
    lines.push(`| ${escaped(expectation)} | ${often} | ${from} | ${to} | ${marginInWords(margin)} |`);
  }
  return { name, lines, rows: trials };
}

/** The sections of a page as they were written. */
export function seedSections(page: string): SeedSection[] {
  const sections: { name: string; lines: string[]; rows: SeedSection['rows'][number][] }[] = [];
  let open: (typeof sections)[number] | null = null;
  for (const line of page.split('\n')) {
    const name = HEADING.exec(line)?.[1];
    if (name) {
      open = { name, lines: [], rows: [] };
      sections.push(open);
    } else if (/^(#|<!--)/.test(line)) open = null;
    if (!open) continue;
    open.lines.push(line);
    const [, expectation, held, trials] = ROW.exec(line) ?? [];
    if (expectation !== undefined)
      open.rows.push({ expectation: expectation.replaceAll('\\|', '|'), held: Number(held), trials: Number(trials) });
  }
  for (const { lines } of sections) while (lines.at(-1) === '') lines.pop();
  return sections;
}

/**
 * The section with more trials: records of a scenario lie on one machine alone. One that was written of other expectations than these
 * says nothing any more.
 */
export function fullerSection(
  own: SeedSection | undefined,
  kept: SeedSection | undefined,
  expectations: readonly string[],
): SeedSection | null {
  const isOf = ({ rows }: SeedSection) =>
    rows.length === expectations.length && rows.every(({ expectation }, i) => expectation === expectations[i]);
  const known = kept && isOf(kept) ? kept : null;
  if (!own || !known) return own ?? known;
  return trialsIn(known) > trialsIn(own) ? known : own;
}

/** Of its expectation that was judged most often. */
export function trialsIn({ rows }: SeedSection): number {
  return Math.max(0, ...rows.map(({ trials }) => trials));
}

function escaped(expectation: string): string {
  return expectation.replaceAll('|', '\\|');
}

function marginInWords(margin: number | null): string {
  if (margin === null) return '';
  if (Number.isFinite(margin)) return margin.toFixed(1);
  return margin > 0 ? 'all equal' : 'all beyond';
}
