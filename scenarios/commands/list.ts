import { Argument, Command } from 'commander';
import { aboutText } from '../../coordinator/report/units.js';
import { type DataInput, isSweep, type SpecInput } from '../../protocol/scenario/input.js';
import type { ExtensionKind } from '../../protocol/settings/extension.js';
import { type Loaded, loadScenario, shippedNames } from '../run/load.js';
import { collectModules, USE_MEANING, type Using, useModules } from './options.js';
import { cut, PIPED_WIDTH, table, wrapped } from './table.js';

interface Line {
  readonly name: string;
  readonly method: string;
  readonly data: string;
  /** Runs in the sweep; 1 for a scenario. */
  readonly points: number;
  readonly expectedSeconds: number | null;
  readonly description: string;
}

interface Flags extends Using {
  readonly json?: boolean;
  readonly long?: boolean;
}

const KINDS = {
  methods: 'method',
  objectives: 'objective',
  layers: 'layer',
  datasets: 'dataset',
  partitions: 'partition',
  topologies: 'topology',
  codecs: 'codec',
  memories: 'memory',
  optimizers: 'optimizer',
  schedules: 'schedule',
  aggregators: 'aggregator',
  attacks: 'attack',
  faults: 'fault',
  selections: 'selection',
  probes: 'probe',
  studies: 'study',
  expectations: 'expectation',
} as const;

/** A line of a pipe is as long as is still read at a glance. */
const LINE = 100;
/** Below it a scenario's line is its name and time. */
const LEAST_WORDS = 24;

/** `gradswarm list`. */
export function listCommand(): Command {
  return new Command('list')
    .description('show what can be run, or what a scenario can name, one line each')
    .addArgument(new Argument('[kind]', 'left out: scenarios').choices(Object.keys(KINDS)))
    .option('--use <module>', USE_MEANING, collectModules)
    .option('--long', 'method, data and the whole description too')
    .option('--json', 'print one JSON document and nothing else')
    .addHelpText(
      'after',
      '\nExamples:\n  gradswarm list\n  gradswarm list --long\n  gradswarm list --json\n  gradswarm list methods --use ./sign-vote.ts',
    )
    .action(async (kind: keyof typeof KINDS | undefined, { json, long, ...using }: Flags) => {
      await useModules(using);
      if (kind) return listThings(KINDS[kind], json ?? false, long ?? false);
      const lines = await Promise.all(shippedNames().map(async (name) => lineOf(name, await loadScenario(name))));
      process.stdout.write(`${json ? JSON.stringify(lines, null, 2) : long ? inFull(lines) : inColumns(lines)}\n`);
    });
}

/** Everything of a kind, of one's own too, with what it is. */
async function listThings(kind: ExtensionKind, json: boolean, long: boolean): Promise<void> {
  const { thingsOf } = await import('../plug-ins/extension-points.js');
  const things = await thingsOf(kind);
  const rows = things.map(({ name, summary }) => [name, summary]);
  const text = json
    ? JSON.stringify(things, null, 2)
    : table(['NAME', 'WHAT IT IS'], rows, long ? PIPED_WIDTH : (process.stdout.columns ?? LINE));
  process.stdout.write(`${text}\n`);
}

function lineOf(name: string, loaded: Loaded): Line {
  const { method, data } = isSweep(loaded) ? loaded.base : loaded;
  const axes = isSweep(loaded) ? Object.values(loaded.over) : [];
  return {
    name,
    method: nameOf(method),
    data: nameOf(data),
    points: axes.reduce((product, values) => product * values.length, 1),
    expectedSeconds: loaded.expectedSeconds ?? null,
    description: loaded.description ?? '',
  };
}

function nameOf(spec: SpecInput | DataInput): string {
  return typeof spec === 'string' ? spec : spec.name;
}

/** One short line each: the name, the time, and as much of what it shows as fits. */
function inColumns(lines: readonly Line[]): string {
  const width = process.stdout.columns ?? LINE;
  const longest = Math.max(...lines.map(({ name }) => name.length));
  const rows = lines.map(({ name, expectedSeconds, description }) => [
    name,
    timeOf(expectedSeconds),
    title(description),
  ]);
  const headings = ['NAME', 'TIME', 'WHAT IT SHOWS'];
  if (width - longest >= LEAST_WORDS + TIME_COLUMN) return table(headings, rows, width);
  return table(
    headings.slice(0, 2),
    rows.map(([name, time]) => [cut(name!, width - TIME_COLUMN), time!]),
    width,
  );
}

/** Everything, in a paragraph each. */
function inFull(lines: readonly Line[]): string {
  const width = Math.min(LINE, process.stdout.columns ?? LINE);
  const paragraphs = lines.map(({ name, method, data, points, expectedSeconds, description }) => {
    const runs = points === 1 ? '' : `, ${points} runs`;
    const facts = `  ${method} on ${data}${runs}, ${expectedSeconds === null ? 'time unknown' : `about ${timeOf(expectedSeconds)}`}`;
    return [name, ...wrapped([facts, `  ${description}`], width)].join('\n');
  });
  return paragraphs.join('\n\n');
}

/** The description's first clause. */
function title(description: string): string {
  return /^.*?(?=[:;.](?:\s|$)|$)/.exec(description)![0];
}

/** The heading, or a time, and the space before it. */
const TIME_COLUMN = 8;

function timeOf(seconds: number | null): string {
  return seconds === null ? '-' : aboutText(seconds);
}
