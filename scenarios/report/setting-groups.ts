import type { Json } from '../../protocol/scenario/scenario.js';
import type { ResolvedSweep } from '../../protocol/scenario/sweep.js';
import { shortWords } from '../../protocol/scenario/wording.js';

/** Points of a sweep that differ in their seed alone. */
export interface SettingGroup<T> {
  /** What is special about them; 'all': nothing but the seed is varied. */
  readonly name: string;
  readonly members: readonly T[];
}

/** In the order of the first member of each. */
export function groupedBySetting<T extends { readonly point?: Readonly<Record<string, Json>> }>(
  sweep: ResolvedSweep,
  members: readonly T[],
): SettingGroup<T>[] {
  const groups = new Map<string, T[]>();
  for (const member of members) {
    const name = settingName(member.point ?? {}, sweep) || 'all';
    groups.set(name, [...(groups.get(name) ?? []), member]);
  }
  return [...groups].map(([name, group]) => ({ name, members: group }));
}

/** What is special about a point, short enough for a legend: a thing's name alone where no two of the axis share it. */
export function settingName(point: Readonly<Record<string, Json>>, { over }: ResolvedSweep): string {
  return Object.entries(point)
    .filter(([path]) => path !== 'seed' && (over[path]?.length ?? 0) !== 1)
    .map(([path, value]) => {
      const words = shortWords(value, over[path] ?? [value]);
      return value !== null && typeof value === 'object' ? words : `${path.split('.').at(-1)} = ${words}`;
    })
    .join(', ');
}
