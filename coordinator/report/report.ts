import { join } from 'node:path';
import type { Verdict } from '../../protocol/scenario/judge.js';
import { jsonText, replaceFile } from '../run-directory/atomic-file.js';
import { type EventSummary, summarizeEvents } from '../run-directory/events.js';
import type { Manifest } from '../run-directory/manifest.js';
import { type MetricsRow, readMetrics } from '../run-directory/metrics.js';
import type { RunDirectory } from '../run-directory/run-directory.js';
import { type SessionSummary, summarizeSession } from '../run-directory/session-log.js';
import { html, link, type Markup, type MarkupPart } from './markup.js';
import { type Figure, inlineSvg, writeFigure, writeFigureData } from './plots.js';
import { provenance } from './provenance.js';
import { badge, facts, figure, mark, page, section, table, whole } from './report-page.js';
import { directionNames, runFigures } from './run-plots.js';
import { bytesText, energyText, numberText, repetitionText, timeText } from './units.js';

/** A sentence of the paper held against this run. */
export interface Claim {
  readonly claim: string;
  /** Where in the paper: section, table, figure. */
  readonly source: string;
  /** The runs that it was judged on, in words. */
  readonly runs: string;
  /** What they gave. */
  readonly ours: string;
  readonly status: ClaimStatus;
  /** What a reader must know beside the status. */
  readonly note: string | null;
}

/** 'reconstruction': what was run is not the authors' text, so that neither agreement nor disagreement is theirs. */
export type ClaimStatus =
  | 'reproduced'
  | 'not reproduced'
  | 'reconstruction agrees'
  | 'reconstruction does not agree'
  | 'not judged';

export interface MethodDescription {
  readonly name: string;
  readonly paper?: {
    readonly title: string;
    readonly url: string;
    readonly algorithm?: string;
    readonly reconstruction?: string;
  };
  readonly hyperparameters?: Readonly<Record<string, unknown>>;
}

export interface DataDescription {
  readonly name: string;
  /** Where the examples came from. */
  readonly source?: string;
  /** The definition of the split among clients, in words. */
  readonly partition?: string;
  readonly dropped?: number;
}

export interface PrivacyResult {
  /** Null when there is no guarantee; then `notPrivate` is the reason. */
  readonly epsilon: number | null;
  readonly delta: number | null;
  readonly unit?: 'example' | 'client';
  /** The least proven bound, where the run was accounted by a larger one. */
  readonly tightestEpsilon?: number;
  /** Rounds of which several attempts are charged, how many, and what epsilon would be had none been repeated. */
  readonly repeated?: { readonly rounds: number; readonly epsilonWithout: number };
  readonly notPrivate?: string;
}

/** A heading, a paragraph and rows of text; all columns but the first hold numbers. */
export interface ReportTable {
  readonly heading: string;
  readonly note?: string;
  readonly columns: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

/** The content of a report beyond the files of its run directory. Only title and verdict are required. */
export interface ReportContent {
  /** No gradient was computed. */
  readonly timingOnly?: boolean;
  readonly title: string;
  /** What the run is meant to show, in a sentence or two. */
  readonly summary?: string;
  readonly verdict: Verdict;
  readonly method?: MethodDescription;
  readonly data?: DataDescription;
  readonly model?: string;
  readonly clients?: number;
  /** How many of them are edge servers. */
  readonly edgeServers?: number;
  readonly participation?: string;
  readonly codecs?: string;
  readonly topology?: string;
  /** Bytes that the same messages would have had without codecs, for the compression ratio. */
  readonly uncompressedBytes?: number;
  readonly privacy?: PrivacyResult;
  readonly claims?: readonly Claim[];
  /** Pictures of what the run is about: they stand before those of metrics.csv. */
  readonly leadFigures?: readonly Figure[];
  /** Pictures in addition to those of metrics.csv: the partition, the graph, comparisons. */
  readonly figures?: readonly Figure[];
  /** Figures of one's own of single clients, by name, that are drawn as theirs are. */
  readonly clientFigures?: readonly string[];
  /** Tables below the plots. */
  readonly tables?: readonly ReportTable[];
  /** Further key numbers by name. */
  readonly numbers?: Readonly<Record<string, number | string | null>>;
  /** Commands that give the same run again. */
  readonly repeat?: readonly string[];
}

/** Writes `report.html` and `plots/*.svg` from the directory's files and `content`. Returns the page's path. */
export async function writeReport(directory: RunDirectory, content: ReportContent): Promise<string> {
  const rows = readMetrics(directory.file('metrics.csv'));
  const events = summarizeEvents(directory.file('events.jsonl'));
  const figures = await drawFigures(directory.path, [
    ...(content.leadFigures ?? []),
    ...runFigures(rows, directionNames(content.edgeServers), content.clientFigures),
    ...(content.figures ?? []),
  ]);
  const body = [
    heading(content, content.method ? [content.method] : []),
    section('Key numbers', keyNumbers(rows, content)),
    section('What ran', whatRan(directory.manifest, rows, content)),
    section('Expectations', expectationsTable(content.verdict)),
    section('The paper’s claims', claimsTable(content.claims ?? [])),
    section('Plots', figures.length > 0 && html`<div class="figures">${figures}</div>`),
    (content.tables ?? []).map(tableSection),
    section('Absences and faults', eventCounts(events, summarizeSession(directory.sessionEvents))),
    section('How to repeat', repeat(content.repeat ?? [], directory.scenario)),
    footer(directory.manifest),
  ];
  const path = join(directory.path, 'report.html');
  replaceFile(path, page(content.title, body));
  return path;
}

function tableSection({ heading: name, note, columns, rows }: ReportTable): Markup {
  const headings = columns.map((column, i) => ({ heading: column, numeric: i > 0 }));
  return section(name, html`${note !== undefined && html`<p>${note}</p>`}${table(headings, rows)}`);
}

/** Writes each figure's file; the same pictures as parts of a page. */
export async function drawFigures(directory: string, figures: readonly Figure[]): Promise<Markup[]> {
  const parts: Markup[] = [];
  for (const each of figures) {
    const svg = await writeFigure(directory, each);
    const csv = writeFigureData(directory, each);
    parts.push(figure(inlineSvg(svg, `figure${parts.length + 1}`), each.caption, { name: each.name, csv }));
  }
  return parts;
}

export function heading(
  content: Pick<ReportContent, 'title' | 'summary' | 'verdict' | 'privacy' | 'timingOnly'>,
  methods: readonly MethodDescription[],
): Markup {
  const reconstructions = methods.flatMap(({ name, paper }) =>
    paper?.reconstruction === undefined
      ? []
      : [methods.length === 1 ? paper.reconstruction : `${name}: ${paper.reconstruction}`],
  );
  const notPrivate = content.privacy?.notPrivate;
  const repetition = content.privacy ? repetitionText(content.privacy) : null;
  return html`<header><h1>${content.title}${badge(content.verdict.valid)}</h1>
${content.summary !== undefined && html`<p class="lead">${content.summary}</p>`}</header>
${content.timingOnly === true && html`<p class="warning"><b>Timing only.</b> Time and bytes are simulated; no gradient was computed, and there is no model and no state digest.</p>`}
${reconstructions.map((text) => html`<p class="warning"><b>Reconstruction.</b> ${text}</p>`)}
${notPrivate !== undefined && html`<p class="warning"><b>Not private.</b> ${notPrivate}</p>`}
${repetition !== null && html`<p class="warning"><b>Rounds repeated.</b> ${repetition}</p>`}\n`;
}

function keyNumbers(rows: readonly MetricsRow[], content: ReportContent): Markup {
  const last = rows.at(-1);
  const sum = (of: 'bytesUp' | 'bytesDown' | 'bytesPeer') => rows.reduce((total, row) => total + row[of], 0);
  const [up, down, peer] = [sum('bytesUp'), sum('bytesDown'), sum('bytesPeer')];
  const accuracy = lastValue(rows, 'accuracy');
  const names = directionNames(content.edgeServers);
  const numbers: [string, string][] = [
    ['final loss', numberText(lastValue(rows, 'loss'))],
    ['final accuracy', accuracy === null ? '–' : `${numberText(100 * accuracy)} %`],
    [names.up, bytesText(up)],
    [names.down, bytesText(down)],
    [names.peer, bytesText(peer)],
  ];
  const sent = up + down + peer;
  if (content.uncompressedBytes !== undefined && sent > 0) {
    numbers.push(['compression ratio', `${numberText(content.uncompressedBytes / sent)} : 1`]);
  }
  const joules = rows.reduce((total, { extra }) => total + (extra.energyJoules ?? 0), 0);
  if (joules > 0) numbers.push(['energy of the clients', energyText(joules)]);
  numbers.push(['simulated time', timeText(last?.simulatedMs ?? 0)], ['wall time', timeText(last?.wallMs ?? 0)]);
  numbers.push(...privacyNumbers(content.privacy));
  for (const [name, value] of Object.entries(content.numbers ?? {})) {
    numbers.push([name, typeof value === 'string' ? value : numberText(value)]);
  }
  return html`<div class="numbers">${numbers.map(([name, value]) => html`<div><b>${value}</b><span>${name}</span></div>\n`)}</div>`;
}

function privacyNumbers(privacy: PrivacyResult | undefined): [string, string][] {
  if (privacy === undefined) return [];
  if (privacy.epsilon === null) return [['privacy', privacy.notPrivate === undefined ? 'none claimed' : 'not private']];
  const unit = privacy.unit === undefined ? '' : `, per ${privacy.unit}`;
  const delta = privacy.delta === null ? '' : ` at delta = ${privacy.delta}`;
  const doubt = privacy.notPrivate === undefined ? '' : ' (not private, see above)';
  const rows: [string, string][] = [[`epsilon${delta}${unit}${doubt}`, numberText(privacy.epsilon)]];
  if (privacy.tightestEpsilon !== undefined)
    rows.push([`tightest proven epsilon${delta}${doubt}`, numberText(privacy.tightestEpsilon)]);
  return rows;
}

/** Of the last round that was evaluated. */
function lastValue(rows: readonly MetricsRow[], of: 'loss' | 'accuracy'): number | null {
  return rows.findLast((row) => row[of] !== null)?.[of] ?? null;
}

function whatRan(manifest: Manifest, rows: readonly MetricsRow[], content: ReportContent): Markup {
  const { method, data } = content;
  const paper = method?.paper;
  return facts([
    ['method', method?.name],
    ['paper', paper && html`${link(paper.url, paper.title)}${paper.algorithm && html`, ${paper.algorithm}`}`],
    ['settings', method?.hyperparameters && settingsText(method.hyperparameters)],
    ['data', data && `${data.name}${data.source ? ` (${data.source})` : ''}`],
    ['partition', data?.partition],
    ['examples left out', data?.dropped ? numberText(data.dropped) : null],
    ['model', content.model],
    ['clients', clientsText(content)],
    ['participation', content.participation],
    ['graph', content.topology],
    ['codecs', content.codecs],
    ['rounds', numberText(manifest.roundsDone ?? rows.length)],
    ['seed', manifest.seed === undefined ? null : String(manifest.seed)],
  ]);
}

function clientsText({ clients, edgeServers = 0 }: ReportContent): string | null {
  if (clients === undefined) return null;
  return edgeServers > 0
    ? `${numberText(clients - edgeServers)} below ${numberText(edgeServers)} edge servers`
    : numberText(clients);
}

function settingsText(settings: Readonly<Record<string, unknown>>): string {
  return Object.entries(settings)
    .map(([name, value]) => `${name} = ${typeof value === 'string' ? value : jsonText(value)}`)
    .join(', ');
}

export function expectationsTable(verdict: Verdict): MarkupPart {
  const { expectations, notApplicable = [] } = verdict;
  if (expectations.length + notApplicable.length === 0)
    return html`<p>The scenario has none, so the result is inconclusive.</p>`;
  const observed = (value: number | string | null) => (typeof value === 'string' ? value : whole(numberText(value)));
  return table(
    [{ heading: 'result' }, { heading: 'expectation' }, { heading: 'observed' }, { heading: 'in words' }],
    [
      ...expectations.map((each) => [mark(each.holds), each.name, observed(each.observed), each.detail]),
      ...notApplicable.map(({ name, because }) => ['not applicable', name, '–', because]),
    ],
  );
}

export function claimsTable(claims: readonly Claim[]): MarkupPart {
  const style = (status: ClaimStatus) =>
    status === 'reproduced' ? 'holds' : status === 'not reproduced' ? 'fails' : 'unknown';
  if (claims.length === 0) return null;
  return table(
    [
      { heading: 'status' },
      { heading: 'claim' },
      { heading: 'source' },
      { heading: 'judged on' },
      { heading: 'observed' },
    ],
    claims.map((each) => [
      html`<span class="mark ${style(each.status)}">${each.status}</span>${each.note !== null && html` ${each.note}`}`,
      each.claim,
      each.source,
      each.runs,
      each.ours,
    ]),
  );
}

function eventCounts(events: EventSummary, processes: SessionSummary): MarkupPart {
  const rows = [
    ...[...events.absences].map(([why, count]) => [`absent: ${why}`, numberText(count)]),
    ...[...events.faults].map(([fault, count]) => [`fault: ${fault}`, numberText(count)]),
    ...(events.withoutUpdate > 0 ? [['rounds without any update', numberText(events.withoutUpdate)]] : []),
    ...(processes.workersLost > 0 ? [['workers lost', numberText(processes.workersLost)]] : []),
    ...(processes.rollbacks > 0 ? [['returned to a checkpoint', numberText(processes.rollbacks)]] : []),
    ...(processes.roundsDoneAgain > 0 ? [['rounds done again', numberText(processes.roundsDoneAgain)]] : []),
    ...(events.abandonedAttempts > 0 ? [['attempts aborted and repeated', numberText(events.abandonedAttempts)]] : []),
    ...(processes.resumes > 0 ? [['coordinator started again', numberText(processes.resumes)]] : []),
  ];
  if (rows.length === 0) return html`<p>None.</p>`;
  return table([{ heading: 'what' }, { heading: 'times', numeric: true }], rows);
}

export function repeat(commands: readonly string[], scenario: unknown): Markup {
  return html`${commands.length > 0 && html`<pre>${commands.join('\n')}</pre>`}
<details><summary>The complete scenario</summary><pre>${jsonText(scenario, 2)}</pre></details>`;
}

function footer(manifest: Manifest): Markup {
  return html`<footer>${provenance(manifest)}${facts([
    ['state digest', html`<code>${manifest.stateDigest ?? 'none: unfinished, or not finite'}</code>`],
    ['resumed', manifest.resumedAt.join(', ')],
    ['finished', manifest.finishedAt ?? 'no'],
    ['run', manifest.runId],
  ])}</footer>`;
}
