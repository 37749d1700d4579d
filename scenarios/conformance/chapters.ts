import { moduleNames } from '../run/module-folder.js';
import type { Case, Chapter } from './case.js';

export const SUBJECTS = ['worker', 'coordinator'] as const;
export type Subject = (typeof SUBJECTS)[number];

/** The chapters of a subject: the files of its folder, in the order of their names. */
export async function chaptersOf<Stage>(subject: Subject): Promise<readonly Chapter<Stage>[]> {
  const folder = new URL(`./${subject}/`, import.meta.url);
  return Promise.all(
    moduleNames(folder).map(async (name) => {
      const { default: chapter } = (await import(new URL(`${name}.js`, folder).href)) as { default: Chapter<Stage> };
      return chapter;
    }),
  );
}

/** Cases whose id or title matches a pattern: the beginning of an id (`1.2`), or a part of the title; `*` for anything. */
export function chosen<Stage>(chapters: readonly Chapter<Stage>[], patterns: readonly string[]): Case<Stage>[] {
  const cases = chapters.flatMap(({ cases }) => cases);
  if (patterns.length === 0) return [...cases];
  return cases.filter(({ id, title }) =>
    patterns.some((pattern) => {
      const text = pattern.replace(/[.+?^${}()|[\]\\]/g, '\\$&').replaceAll('*', '.*');
      return new RegExp(`^${text}(\\.|$)`).test(id) || (/[a-z]/i.test(pattern) && new RegExp(text, 'i').test(title));
    }),
  );
}
