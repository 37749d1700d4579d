import { bandFigures } from '../../coordinator/report/comparison-plots.js';
import { html } from '../../coordinator/report/markup.js';
import { inlineSvg, renderSvg } from '../../coordinator/report/plots.js';
import { figure, page, section, table } from '../../coordinator/report/report-page.js';
import { comparisonFigures } from '../../coordinator/report/run-plots.js';
import { differenceMarkup } from '../../coordinator/report/seed-comparisons.js';
import { type Comparison, type Curves, letterOf, settingText } from './comparison.js';
import type { Difference } from './differences.js';

/** The comparison as a page of its own, with the curves of all runs, or of runs at several seeds their bands. */
export async function comparisonPage(comparison: Comparison, { named, groups }: Curves): Promise<string> {
  const figures = [];
  const seeds = Math.max(0, ...groups.map(({ runs }) => runs.length));
  const drawn = groups.length > 0 ? bandFigures(groups, seeds) : comparisonFigures(named);
  for (const [i, { spec, caption }] of drawn.entries())
    figures.push(figure(inlineSvg(await renderSvg(spec), `figure${i}`), caption));
  const runs = comparison.runs.map((path, i) => [letterOf(i), path]);
  return page('Comparison', [
    html`<header><h1>${comparison.runs.length} runs compared</h1></header>`,
    section('Runs', table([{ heading: '' }, { heading: 'folder' }], runs)),
    section('Settings that differ', differenceTable(comparison.settings) ?? html`<p>None.</p>`),
    section('Results', differenceTable(comparison.results)),
    section('Differences', differenceMarkup(comparison.differences)),
    section('Plots', figures.length > 0 && html`<div class="figures">${figures}</div>`),
  ]);
}

function differenceTable(differences: readonly Difference[]) {
  if (differences.length === 0) return null;
  const letters = differences[0]!.values.map((_, i) => ({ heading: letterOf(i), numeric: true }));
  return table(
    [{ heading: 'name' }, ...letters],
    differences.map(({ name, values }) => [name, ...values.map(settingText)]),
  );
}
