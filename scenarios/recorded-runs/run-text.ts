import { relative } from 'node:path';
import { betweenWords } from '../../coordinator/report/run-plots.js';
import { bytesText, numberText, timeText, verdictText } from '../../coordinator/report/units.js';
import type { OpenedRun } from '../run/open-run.js';
import { judgementLines } from '../run/verdict-lines.js';
import type { Overview } from './overview.js';
import { sparkline } from './sparkline.js';

const SPARKS = 48;

/** A run for the terminal: what ran, how it went, what was found. */
export function runText(overview: Overview, { scenario, manifest, rows, verdict, summary }: OpenedRun): string[] {
  const { method, objective, data, clients, seed } = scenario;
  const last = rows.at(-1);
  const epsilon = summary.epsilon ?? summary.finalEpsilon;
  const total = (of: 'bytesUp' | 'bytesDown' | 'bytesPeer') => rows.reduce((sum, row) => sum + row[of], 0);
  return [
    `${scenario.name}  ${stateText(overview)}`,
    `${method.name}, ${objective.name} on ${data.name}, ${clients} clients, seed ${seed}, ${rows.length} of ${scenario.rounds} rounds`,
    `started ${manifest.startedAt}, version ${manifest.package.version}${manifest.commit ? `, commit ${manifest.commit.slice(0, 12)}` : ''}`,
    '',
    ...curve(
      'loss',
      rows.map(({ loss }) => loss),
      numberText,
    ),
    ...curve(
      'accuracy',
      rows.map(({ accuracy }) => accuracy),
      (value) => `${numberText(100 * value)} %`,
    ),
    `sent      ${bytesText(total('bytesUp'))} up, ${bytesText(total('bytesDown'))} down, ${bytesText(total('bytesPeer'))} ${betweenWords(manifest.edgeServers ?? 0)}`,
    `time      ${timeText(last?.simulatedMs ?? 0)} simulated, ${timeText(last?.wallMs ?? 0)} on the wall`,
    ...(typeof epsilon === 'number' ? [`epsilon   ${numberText(epsilon)} at delta = ${scenario.privacy.delta}`] : []),
    '',
    ...(verdict ? judgementLines(verdict, 'all') : []),
    ...(manifest.stateDigest ? [`state     ${manifest.stateDigest}`] : []),
  ];
}

/** A sweep for the terminal: a line for each point. */
export function sweepText(overview: Overview, points: readonly (readonly [Overview, OpenedRun])[]): string[] {
  const lines = points.map(([point, { rows, manifest }]) => {
    const loss = rows.findLast((row) => row.loss !== null)?.loss ?? null;
    const accuracy = rows.findLast((row) => row.accuracy !== null)?.accuracy ?? null;
    const found = [
      loss === null ? '' : `loss ${numberText(loss)}`,
      accuracy === null ? '' : `accuracy ${numberText(100 * accuracy)} %`,
    ];
    const line = [
      sparkline(
        rows.map((row) => row.loss).filter((value) => value !== null),
        16,
      ).padEnd(16),
      ...found,
    ].filter((part) => part !== '');
    return `${stateText(point).padEnd(13)} ${relative(overview.path, point.path) || manifest.runId}  ${line.join('  ')}`;
  });
  return [`${overview.name}  ${stateText(overview)}, ${overview.done} of ${overview.of} points`, ...lines];
}

/** `VALID`, `running`, `stopped`. */
export function stateText({ state, valid }: Overview): string {
  if (state !== 'finished') return state;
  return valid === null ? 'not judged' : verdictText(valid).toUpperCase();
}

function curve(name: string, values: readonly (number | null)[], text: (value: number) => string): string[] {
  const known = values.filter((value) => value !== null);
  if (known.length === 0) return [];
  return [`${name.padEnd(9)} ${sparkline(known, SPARKS)}  ${text(known[0]!)} → ${text(known.at(-1)!)}`];
}
