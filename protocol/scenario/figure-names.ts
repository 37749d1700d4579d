import { join, type Problems, unknownNameProblem } from '../settings/problems.js';
import type { Settings } from '../settings/settings.js';
import type { Catalogue, FigureNames } from './catalogue.js';
import { ownClientSeries } from './client-figures.js';
import { ROW_SERIES, STATISTICS } from './quantity.js';
import type { JsonObject, PerClient, Spec } from './scenario.js';

/** The figures of these runs; null where the catalogue does not declare them. */
export async function figureNames(
  scenarios: readonly {
    readonly method: Spec;
    readonly objective: Spec;
    readonly study?: Spec | null | undefined;
    readonly measure?: readonly Spec[] | undefined;
    readonly evaluation?: { readonly perClient?: PerClient | null } | undefined;
  }[],
  { host, methods, objectives, studies, probes }: Catalogue,
): Promise<FigureNames | null> {
  if (!host) return null;
  const series = [...ROW_SERIES, ...host.series];
  const figures = [...host.figures];
  for (const { method, objective, study, measure = [], evaluation } of scenarios) {
    for (const { name } of measure) series.push(...((await probes?.find(name))?.measures ?? []));
    series.push(...((await methods.find(method.name))?.measures ?? []));
    series.push(...((await objectives.find(objective.name))?.measures ?? []));
    series.push(...ownClientSeries(evaluation?.perClient?.figures ?? []));
    const studied = study && (await studies?.find(study.name));
    series.push(...((studied || undefined)?.measures ?? []));
    figures.push(...((studied || undefined)?.figures ?? []));
  }
  return { series: [...new Set(series)], figures: [...new Set(figures)] };
}

/** Every setting of an expectation that reads a figure or a series names one that the run will have. */
export function checkReads(
  // biome-ignore lint/suspicious/noExplicitAny: only the shape is read.
  { shape }: Pick<Settings<any>, 'shape'>,
  settings: JsonObject,
  path: string,
  known: FigureNames,
  problems: Problems,
): void {
  for (const [name, { reads }] of Object.entries(shape)) {
    if (reads !== 'figure' && reads !== 'series' && reads !== 'either') continue;
    for (const [at, text] of stringsOf(settings[name], join(path, name))) {
      const isKnown = (reads !== 'figure' && isSeries(text, known)) || (reads !== 'series' && isFigure(text, known));
      if (!isKnown) problems.text(unknownRead(at, text, reads, known));
    }
  }
}

function unknownRead(path: string, text: string, reads: string, { series, figures }: FigureNames): string {
  const all = series.filter((name) => !name.endsWith('*'));
  const spelled = all.flatMap((name) =>
    STATISTICS.map((statistic) => `${statistic}${name[0]!.toUpperCase()}${name.slice(1)}`),
  );
  const names = reads === 'series' ? all : [...figures.filter((name) => !name.endsWith('*')), ...spelled, ...all];
  const problem = unknownNameProblem(path, reads === 'series' ? 'a series' : 'a figure', text, names);
  // The list of all figures is that of the series under every statistic.
  return problem.replace(` (${names.join(', ')})`, ` (series: ${all.join(', ')}; figures: ${figures.join(', ')})`);
}

function* stringsOf(value: unknown, path: string): Generator<[string, string]> {
  if (typeof value === 'string') yield [path, value];
  if (Array.isArray(value)) for (const [index, one] of value.entries()) yield* stringsOf(one, join(path, index));
}

function isIn(name: string, names: readonly string[]): boolean {
  return names.some((known) => (known.endsWith('*') ? name.startsWith(known.slice(0, -1)) : name === known));
}

function isSeries(name: string, { series }: FigureNames): boolean {
  return isIn(name, series);
}

/** In the words of `quantity.ts`. */
export function isFigure(text: string, known: FigureNames): boolean {
  return text.split(' / ').every((part) => {
    if (isIn(part, known.figures)) return true;
    const target = /^roundsTo\(([^<>]+)(?:<=|>=)[^<>]+\)$/.exec(part);
    if (target) return isSeries(target[1]!, known);
    const statistic = STATISTICS.find((one) => part.startsWith(one));
    if (!statistic) return false;
    const rest = part.slice(statistic.length);
    if (rest.startsWith('.')) return isSeries(rest.slice(1), known);
    return rest !== '' && isSeries(rest[0]!.toLowerCase() + rest.slice(1), known);
  });
}
