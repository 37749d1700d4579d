import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { aggregators } from '../../protocol/aggregators/parts/chain.js';
import { attacks } from '../../protocol/attacks/parts/load-attack.js';
import { ERROR_CODES } from '../../protocol/errors.js';
import type { AnyMethod, MessageKind } from '../../protocol/method.js';
import { loadMethod } from '../../protocol/method-loader.js';
import type { Entry, Table } from '../../protocol/scenario/catalogue.js';
import { scenarioSettings, sweepSettings } from '../../protocol/scenario/schema.js';
import { SCENARIO_PARTS } from '../../protocol/scenario/schema-parts.js';
import { selections } from '../../protocol/selection/parts/load-selection.js';
import { hasOwnTiers, whyNotTiered } from '../../protocol/topology/parts/tier-kinds.js';
import { LIMIT_TABLE } from '../../protocol/wire/limits.js';
import { casesPage } from '../conformance/page.js';
import { syntheticTraces, traceCsv } from '../library/parts/synthetic-traces.js';
import { loadAllRules, loadCatalogue, methodNames } from '../run/catalogue.js';
import { BUILT_IN_NAMES, builtInTypes } from './built-in-names.js';
import { protocolPage } from './protocol-page.js';
import { robustFitText } from './robust-fit.js';
import { WAITS } from './waits.js';

/** Pages of docs/ that are made from the code: `npm run docs`. A test fails when they are stale. */

export const DOCS = fileURLToPath(new URL('../../../docs/', import.meta.url));

const cell = (text: string): string => text.replaceAll('|', '\\|').replaceAll('\n', ' ');
const NOTE = 'Made from the code by `npm run docs`; not edited by hand.';

function fieldsOf({ vectors = [], integers = [], bytes = [], scalars = [] }: MessageKind): string {
  const parts = [
    ...vectors.map((name) => `**${name}**`),
    ...integers.map((name) => `${name}: integers`),
    ...bytes.map((name) => `${name}: bytes`),
    ...scalars.map((name) => `${name}: number`),
  ];
  return parts.join(', ') || '(nothing)';
}

async function methodsPage(): Promise<string> {
  const lines = [
    '# Methods',
    '',
    NOTE,
    '',
    'Vectors are bold. *lossy* is the contract of the codecs that a scenario may set for a kind. Robust sums are those of `aggregators`',
    '([robust sums](scenarios.md#byzantine-clients-and-robust-sums)); `clipped-gossip` is for kinds to peers alone. Edge servers are those of',
    'topology `hierarchy` ([tiers](scenarios.md#tiers)).',
  ];
  for (const name of methodNames()) {
    const method = await loadMethod(name);
    const { paper, messages, coordinator } = method;
    lines.push('', `## ${name}`, '', `[${paper.title}](${paper.url}): ${paper.algorithm}.`);
    if (paper.reconstruction) lines.push('', `**Reconstruction.** ${paper.reconstruction}`);
    if (!coordinator) lines.push('', 'Peers only: no coordinator half.');
    lines.push('', '| kind | way | fields | lossy |', '| --- | --- | --- | --- |');
    for (const [kind, declared] of Object.entries(messages as Record<string, MessageKind>)) {
      const lossy = `${declared.lossy ?? 'none'}${declared.memory === 'method' ? ', the method keeps the rest' : ''}`;
      lines.push(`| ${kind} | ${declared.from} → ${declared.to} | ${fieldsOf(declared)} | ${lossy} |`);
    }
    lines.push('', `${robustFitText(method)} ${tiersText(method)}`, '', ...settingsTable(method));
  }
  return `${lines.join('\n')}\n`;
}

function tiersText(method: AnyMethod): string {
  if (hasOwnTiers(method)) return 'Edge servers: its own.';
  const why = whyNotTiered(method);
  return why === null ? 'Edge servers: between clients and coordinator.' : `Edge servers: none; ${why}.`;
}

function errorsPage(): string {
  const lines = [
    '# Errors',
    '',
    NOTE,
    '',
    '*definite*: the operation certainly did not take place.',
    '',
    '| code | meaning | definite |',
    '| --- | --- | --- |',
    ...Object.entries(ERROR_CODES).map(
      ([code, { meaning, definite }]) => `| ${code} | ${meaning} | ${definite ? 'yes' : 'no'} |`,
    ),
  ];
  return `${lines.join('\n')}\n`;
}

function limitsPage(): string {
  const lines = [
    '# Limits',
    '',
    NOTE,
    '',
    'What every reader of bytes checks before it allocates or waits. A run’s own bounds follow from its model and its number of clients',
    '(`protocol/wire/limits.ts`); vectors have the length of the model unless their kind declares otherwise, and all numbers are finite.',
    '',
    '| limit | value | unit | meaning |',
    '| --- | --- | --- | --- |',
    ...Object.entries(LIMIT_TABLE).map(
      ([name, { value, unit, meaning }]) => `| ${name} | ${value} | ${unit} | ${meaning} |`,
    ),
    '',
    '## Waits',
    '',
    'Nothing waits without end.',
    '',
    '| for | at most | then |',
    '| --- | --- | --- |',
    ...WAITS.map(({ what, limit, next }) => `| ${what} | ${limit} | ${next} |`),
  ];
  return `${lines.join('\n')}\n`;
}

/** One row a setting: what it takes, its default, what it means. */
function settingsTable({ settings }: Pick<Entry, 'settings'>): string[] {
  const rows = settings.rows();
  if (rows.length === 0) return ['No settings.'];
  return [
    '| setting | takes | default | meaning |',
    '| --- | --- | --- | --- |',
    ...rows.map(
      ({ name, takes, byDefault, meaning }) =>
        `| ${name} | ${cell(takes)} | ${byDefault === undefined ? 'required' : `\`${cell(JSON.stringify(byDefault))}\``} | ${cell(meaning)} |`,
    ),
  ];
}

/** Aggregators, attacks and selections, which are loaded. */
function tableOf(modules: typeof aggregators | typeof attacks | typeof selections): Table<Entry> {
  return {
    names: () => modules.names(),
    find(name) {
      const family = modules.find(name);
      if (!family) return undefined;
      const summary = 'summary' in family ? family.summary : family.source;
      return { summary: summary.replace(/\.$/, ''), settings: family.settings };
    },
  };
}

/** Everything that a scenario may name beside its method, with settings. */
async function namesPage(): Promise<string> {
  await loadAllRules();
  const catalogue = await loadCatalogue();
  const lines = [
    '# Settings and names of a scenario',
    '',
    NOTE,
    '',
    '## Scenario',
    '',
    ...settingsTable({ settings: scenarioSettings }),
  ];
  for (const [place, settings] of Object.entries(SCENARIO_PARTS))
    lines.push('', `### ${place}`, '', ...settingsTable({ settings }));
  lines.push('', '## Sweep', '', ...settingsTable({ settings: sweepSettings }));
  for (const [title, table] of [
    ['Objectives', catalogue.objectives],
    ['Layers', catalogue.layers],
    ['Data sets', catalogue.datasets],
    ['Partitions', catalogue.partitions],
    ['Topologies', catalogue.topologies],
    ['Optimizers', catalogue.optimizers],
    ['Schedules', catalogue.schedules],
    ['Codecs', catalogue.codecs],
    ['Memories', catalogue.memories],
    ['Probes', catalogue.probes],
    ['Aggregators', tableOf(aggregators)],
    ['Faults', catalogue.faults],
    ['Attacks', tableOf(attacks)],
    ['Selections', tableOf(selections)],
    ['Studies', catalogue.studies],
    ['Expectations', catalogue.expectations],
  ] as const) {
    lines.push('', `## ${title}`);
    for (const name of (await table?.names()) ?? []) {
      const entry = (await table!.find(name))!;
      lines.push('', `### ${name}`);
      if (entry.summary) lines.push('', `${entry.summary}.`);
      lines.push('', ...settingsTable(entry as Entry));
    }
  }
  return `${lines.join('\n')}\n`;
}

export const PAGES: Readonly<Record<string, () => string | Promise<string>>> = {
  'methods.md': methodsPage,
  'errors.md': errorsPage,
  'names.md': namesPage,
  'limits.md': limitsPage,
  'conformance-cases.md': casesPage,
  'protocol-tables.md': () => protocolPage(NOTE),
  'examples/device-traces.csv': () => traceCsv(syntheticTraces({ clients: 24, seed: 7 })),
};

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  for (const [file, page] of Object.entries(PAGES)) writeFileSync(join(DOCS, file), await page());
  writeFileSync(BUILT_IN_NAMES, await builtInTypes());
  process.stdout.write(`${readdirSync(DOCS).join(' ')}\n`);
}
