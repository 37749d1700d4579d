import { html } from '../../coordinator/report/markup.js';
import { inlineSvg, renderSvg } from '../../coordinator/report/plots.js';
import { figure, page, section, table } from '../../coordinator/report/report-page.js';
import { comparisonFigures, type NamedRun } from '../../coordinator/report/run-plots.js';
import { type Comparison, letterOf, settingText } from './comparison.js';
import type { Difference } from './differences.js';

/** The comparison as a page of its own, with the curves of all runs. */
export async function comparisonPage(comparison: Comparison, named: readonly NamedRun[]): Promise<string> {
  const figures = [];
  for (const [i, { spec, caption }] of comparisonFigures(named).entries())
    figures.push(figure(inlineSvg(await renderSvg(spec), `figure${i}`), caption));
  const runs = comparison.runs.map((path, i) => [letterOf(i), path]);
  return page('Comparison', [
    html`<header><h1>${comparison.runs.length} runs compared</h1></header>`,
    section('Runs', table([{ heading: '' }, { heading: 'folder' }], runs)),
    section('Settings that differ', differenceTable(comparison.settings) ?? html`<p>None.</p>`),
    section('Results', differenceTable(comparison.results)),
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
