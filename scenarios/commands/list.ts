import { Argument, Command } from 'commander';
import { type DataInput, isSweep, type SpecInput } from '../../protocol/scenario/scenario.js';
import type { ExtensionKind } from '../../protocol/settings/extension.js';
import { type Loaded, loadScenario, shippedNames } from '../run/load.js';
import { collectModules, USE_MEANING, type Using, useModules } from './options.js';
import { table } from './table.js';

interface Line {
  readonly name: string;
  readonly method: string;
  readonly data: string;
  /** Runs in the sweep; 1 for a scenario. */
  readonly points: number;
  readonly expectedSeconds: number | null;
  readonly description: string;
}

const KINDS = {
  methods: 'method',
  objectives: 'objective',
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
  probes: 'probe',
  studies: 'study',
  expectations: 'expectation',
} as const;

const PIPED_WIDTH = Number.POSITIVE_INFINITY;

/** `gradswarm list`. */
export function listCommand(): Command {
  return new Command('list')
    .description('show what can be run, or what a scenario can name, one line each')
    .addArgument(new Argument('[kind]', 'left out: scenarios').choices(Object.keys(KINDS)))
    .option('--use <module>', USE_MEANING, collectModules)
    .option('--json', 'print one JSON document and nothing else')
    .addHelpText(
      'after',
      '\nExamples:\n  gradswarm list\n  gradswarm list --json\n  gradswarm list methods --use ./sign-vote.ts',
    )
    .action(async (kind: keyof typeof KINDS | undefined, { json, ...using }: { json?: boolean } & Using) => {
      await useModules(using);
      if (kind) return listThings(KINDS[kind], json ?? false);
      const lines = await Promise.all(shippedNames().map(async (name) => lineOf(name, await loadScenario(name))));
      process.stdout.write(`${json ? JSON.stringify(lines, null, 2) : inColumns(lines)}\n`);
    });
}

/** Everything of a kind, of one's own too, with what it is. */
async function listThings(kind: ExtensionKind, json: boolean): Promise<void> {
  const { thingsOf } = await import('../plug-ins/extension-points.js');
  const things = await thingsOf(kind);
  const rows = things.map(({ name, summary }) => [name, summary]);
  const text = json
    ? JSON.stringify(things, null, 2)
    : table(['NAME', 'WHAT IT IS'], rows, process.stdout.columns ?? PIPED_WIDTH);
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

function inColumns(lines: readonly Line[]): string {
  const rows = lines.map(({ name, method, data, points, expectedSeconds, description }) => [
    name,
    points === 1 ? method : `${method} x${points}`,
    data,
    expectedSeconds === null ? '-' : duration(expectedSeconds),
    description,
  ]);
  return table(['NAME', 'METHOD', 'DATA', 'TIME', 'WHAT IT SHOWS'], rows, process.stdout.columns ?? PIPED_WIDTH);
}

function duration(seconds: number): string {
  if (seconds < 60) return `${Math.ceil(seconds)} s`;
  return seconds < 3600 ? `${Math.ceil(seconds / 60)} min` : `${(seconds / 3600).toFixed(1)} h`;
}
