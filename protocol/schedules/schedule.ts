import { GradswarmError } from '../errors.js';
import { extension } from '../settings/extension.js';
import { boundsOf, type Range, rangeInWords, within } from '../settings/kinds.js';
import { NamedModules, type NamedSpec, namedKind, readSpec } from '../settings/named-modules.js';
import type { Problems } from '../settings/problems.js';
import { describe } from '../settings/problems.js';
import { type Kind, type Required, type SettingOf, settingOf } from '../settings/setting.js';
import type { Settings } from '../settings/settings.js';

/** A number that depends on the step alone; step 0 is the first update. */
export type Schedule = (step: number) => number;

/** How a scenario writes a schedule: a constant, or the name of one with its settings. Plain data. */
export type ScheduleSpec = number | NamedSpec<'schedule'>;

/** The default export of every file of this folder but this one; the file name is the schedule's name. */
export interface ScheduleFamily<S extends object = object> {
  readonly name: string;
  /** Its formula, in a line. */
  readonly summary: string;
  readonly settings: Settings<S>;
  build(settings: S): Schedule;
}

/** A schedule that rates can name. The same value, marked as a schedule. */
export function defineSchedule<S extends object>(family: ScheduleFamily<S>): ScheduleFamily<S> {
  return extension('schedule', family);
}

/** The schedules that are loaded. */
export const schedules = new NamedModules<ScheduleFamily>('schedule', 'a schedule', [new URL('./', import.meta.url)]);

/**
 * The schedule that a spec describes, which was loaded before (`schedules.load`, or `Settings.load` of what holds it). Throws
 * ERR_SCENARIO for an unknown name or a setting that makes no sense.
 */
export function scheduleOf(spec: ScheduleSpec): Schedule {
  if (typeof spec !== 'number') {
    const { family, settings } = readSpec(schedules, spec);
    return family.build(settings);
  }
  if (!(Number.isFinite(spec) && spec >= 0))
    throw new GradswarmError('ERR_SCENARIO', `schedule: expected a number of at least 0, got ${describe(spec)}`);
  return () => spec;
}

const EXAMPLE = "a schedule such as { name: 'cosine', rate: 0.1, steps: 1000 }";

/** A setting that is a number or a schedule. `range`: of a number that stands by itself; at least 0 unless given. */
export function schedule<const D extends ScheduleSpec | null | Required>(
  byDefault: D,
  meaning: string,
  range: Range = { least: 0 },
): SettingOf<ScheduleSpec, D> {
  const takes = `${rangeInWords('a number', range)} or ${EXAMPLE}`;
  const byName = namedKind(schedules, takes);
  const kind: Kind<ScheduleSpec> = {
    takes,
    schema: { anyOf: [{ type: 'number', ...boundsOf(range) }, byName.schema!] },
    read(value: unknown, path: string, problems: Problems, whole = takes) {
      if (typeof value === 'object' && value !== null)
        return byName.read(value, path, problems, whole) as NamedSpec<'schedule'>;
      if (!(Number.isFinite(value) && within(value as number, range))) problems.add(path, whole, value);
      return value as number;
    },
    load: (value) => byName.load!(value),
  };
  return settingOf<ScheduleSpec, D>(kind, byDefault, meaning);
}
