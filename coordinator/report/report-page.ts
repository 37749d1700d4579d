import type { Verdict } from '../../protocol/scenario/judge.js';
import { html, Markup, type MarkupPart } from './markup.js';
import { PAGE_POLICY, PAGE_SCRIPT } from './page-script.js';
import { resultText, verdictText } from './units.js';

/** The parts that every report page is made of. */

export function page(title: string, body: MarkupPart): string {
  const { text } = html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="${PAGE_POLICY}">
<meta name="color-scheme" content="light dark">
<title>${title}</title>
<style>${STYLE}</style>
</head>
<body>
<main>
${body}
</main>
<script>${new Markup(PAGE_SCRIPT)}</script>
</body>
</html>
`;
  return text;
}

/** A heading and what belongs to it; nothing at all when there is nothing below the heading. */
export function section(heading: string, body: MarkupPart): Markup {
  const { text } = html`${body}`;
  return text.trim() === '' ? html`` : html`<section><h2>${heading}</h2>${body}</section>\n`;
}

export interface Column {
  readonly heading: string;
  /** Right-aligned, with figures of one width. */
  readonly numeric?: boolean;
}

export function table(columns: readonly Column[], rows: readonly (readonly MarkupPart[])[]): Markup {
  const kind = (i: number) => (columns[i]?.numeric ? html` class="number"` : html``);
  return html`<div class="wide"><table>
<thead><tr>${columns.map(({ heading }, i) => html`<th${kind(i)}>${breakable(heading)}</th>`)}</tr></thead>
<tbody>${rows.map((row) => html`<tr>${row.map((cell, i) => html`<td${kind(i)} data-label="${columns[i]?.heading ?? ''}">${typeof cell === 'string' ? breakable(cell) : cell}</td>`)}</tr>\n`)}</tbody>
</table></div>`;
}

/** A number that stays on one line. */
export const whole = (text: string): Markup => html`<span class="whole">${text}</span>`;

/** Settings such as `byzantine(attack=gaussian(stddev=1))` break before a word, not within. */
function breakable(text: string): MarkupPart {
  if (!/[(=,+]\S/.test(text)) return text;
  return html`<span>${text.split(/(?<=[(=,+])(?=\S)/).map((part, i) => html`${i > 0 && html`<wbr>`}${part}`)}</span>`;
}

/** Names and what they stand for; entries without a value are left out. */
export function facts(entries: readonly (readonly [string, MarkupPart])[]): Markup {
  const present = entries.filter(([, value]) => value !== null && value !== undefined && value !== '');
  return html`<dl>${present.map(([name, value]) => html`<dt>${name}</dt><dd>${value}</dd>\n`)}</dl>`;
}

/** A picture that is already SVG for this page. `files`: where it and its numbers lie beside the page; left out: nowhere. */
export function figure(svg: string, caption: string, files?: FigureFiles): Markup {
  return html`<figure>${new Markup(svg)}<figcaption>${caption}${files && html` <span class="files">${filesOf(files)}</span>`}</figcaption></figure>\n`;
}

export interface FigureFiles {
  /** Of the picture, without its ending. */
  readonly name: string;
  readonly csv: boolean;
}

function filesOf({ name, csv }: FigureFiles): Markup {
  const path = `plots/${encodeURIComponent(name)}`;
  const data = csv && html` <a href="${path}.csv" download>CSV</a>`;
  return html`<a href="${path}.svg" download>SVG</a> <a href="#" data-png="${name}.png">PNG</a>${data}`;
}

function styleOf(holds: boolean | 'unknown'): string {
  if (holds === 'unknown') return 'unknown';
  return holds ? 'holds' : 'fails';
}

export function badge(valid: Verdict['valid']): Markup {
  return html`<span class="badge ${styleOf(valid)}">${verdictText(valid)}</span>`;
}

export function mark(holds: boolean | 'unknown'): Markup {
  const sign = holds === 'unknown' ? '?' : holds ? '✓' : '✗';
  return html`<span class="mark ${styleOf(holds)}">${sign} ${resultText(holds)}</span>`;
}

const STYLE = new Markup(`
:root { color-scheme: light dark; --paper: #fff; --ink: #1c2024; --soft: #59636e; --line: #d9dee3; --card: #f6f8fa;
  --holds: #0a6b3d; --fails: #b3261e; --unknown: #8a5a00; --link: #0b5cad; }
@media (prefers-color-scheme: dark) { :root { --paper: #14171a; --ink: #e4e8ec; --soft: #9aa5b1; --line: #333a41; --card: #1c2126;
  --holds: #5fd39a; --fails: #ff8a80; --unknown: #f0b64a; --link: #7db7ff; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--paper); color: var(--ink); font: 16px/1.55 system-ui, -apple-system, "Segoe UI", "DejaVu Sans", sans-serif; }
main { max-width: 1240px; margin: 0 auto; padding: 2.2rem 1.4rem 3rem; }
header { border-bottom: 1px solid var(--line); margin-bottom: 1.6rem; padding-bottom: 1rem; }
h1 { font-size: 1.9rem; line-height: 1.2; margin: 0 0 .3rem; overflow-wrap: anywhere; }
h2 { font-size: 1.2rem; margin: 2.2rem 0 .7rem; }
p { margin: .4rem 0; max-width: 75ch; }
a { color: var(--link); }
.lead { color: var(--soft); font-size: 1.05rem; }
.badge { display: inline-block; vertical-align: .2em; margin-left: .6rem; padding: .15rem .7rem; border-radius: 999px; border: 1.5px solid; font-size: .95rem; font-weight: 600; white-space: nowrap; }
td .badge { margin: 0; vertical-align: baseline; padding: 0 .6rem; font-size: .88rem; }
.holds { color: var(--holds); } .fails { color: var(--fails); } .unknown { color: var(--unknown); }
.mark { font-weight: 600; white-space: nowrap; } .whole { white-space: nowrap; }
.warning { border-left: 4px solid var(--unknown); background: var(--card); padding: .5rem .9rem; margin: .8rem 0; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .3rem 1.4rem; margin: 0; }
dt { color: var(--soft); } dd { margin: 0; overflow-wrap: anywhere; }
.wide { overflow-x: auto; }
table { border-collapse: collapse; min-width: 40%; }
th, td { text-align: left; padding: .4rem 1.2rem .4rem 0; border-bottom: 1px solid var(--line); vertical-align: top; }
td:first-child:not(.number) { min-width: 7rem; }
th, td { overflow-wrap: anywhere; min-width: 4.5rem; } @media (min-width: 700px) { th { overflow-wrap: normal; } td:not(.number) { min-width: 7rem; } }
table:has(th:nth-child(9)) { font-size: .9rem; } table:has(th:nth-child(9)) :is(th, td) { padding-right: .9rem; }
h3 { font-size: 1rem; margin: 1.2rem 0 .4rem; font-weight: 500; overflow-wrap: anywhere; } h3 .badge { margin: 0 .4rem 0 0; vertical-align: baseline; font-size: .85rem; }
.files a { margin-left: .5rem; white-space: nowrap; }
th { color: var(--soft); font-weight: 600; }
td.number { white-space: nowrap; }
.number { text-align: right; font-variant-numeric: tabular-nums; }
.numbers { display: grid; grid-template-columns: repeat(auto-fill, minmax(165px, 1fr)); gap: .8rem; }
.numbers div { background: var(--card); border: 1px solid var(--line); border-radius: 8px; padding: .6rem .9rem; }
.numbers b { display: block; font-size: 1.3rem; font-variant-numeric: tabular-nums; line-height: 1.3; }
.numbers span { color: var(--soft); font-size: .88rem; }
.figures { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 520px), 1fr)); gap: 1.4rem; align-items: start; }
figure { margin: 0; background: var(--card); border: 1px solid var(--line); border-radius: 8px; padding: 1rem; break-inside: avoid; }
figure svg { display: block; max-width: 100%; height: auto; margin: 0 auto; }
figcaption { color: var(--soft); font-size: .92rem; margin-top: .6rem; }
code, pre { font-family: ui-monospace, "SF Mono", Consolas, "DejaVu Sans Mono", monospace; font-size: .88rem; }
pre { background: var(--card); border: 1px solid var(--line); border-radius: 8px; padding: .8rem 1rem; overflow-x: auto; }
details { margin-top: .8rem; } summary { cursor: pointer; color: var(--soft); }
footer { border-top: 1px solid var(--line); margin-top: 2.6rem; padding-top: 1rem; color: var(--soft); font-size: .88rem; }
@media (max-width: 700px) { dl { grid-template-columns: 1fr; gap: 0; } dd { margin-bottom: .5rem; }
  table, tbody, tr, td { display: block; width: 100%; } thead { display: none; }
  td.number { white-space: normal; }
  tr { border-bottom: 1px solid var(--line); padding: .5rem 0; } td, td.number { display: grid; grid-template-columns: minmax(7rem, 40%) 1fr; gap: .6rem; border: 0; padding: .1rem 0; text-align: left; min-width: 0; }
  td::before { content: attr(data-label); color: var(--soft); font-size: .88rem; } td .badge { justify-self: start; } }
@media print { :root { --paper: #fff; --ink: #000; --soft: #444; --line: #bbb; --card: #fff; } body { font-size: 11pt; }
  main { max-width: none; padding: 0; } .figures { grid-template-columns: 1fr 1fr; } h2 { break-after: avoid; } }
`);
