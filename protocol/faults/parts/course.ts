import { cosineOfTurns } from '../../numerics/elementary.js';
import { integer } from '../../settings/kinds.js';

/** How a change of data comes: at once, over rounds, or again and again. Settings of the rules that change data. */
export const course = {
  over: integer(1, 'Rounds in which the change grows evenly from nothing to whole; 1: at once', { least: 1 }),
  period: integer(
    null,
    'Rounds after which it has come and gone: of whole size by (1 - cos(2 pi t / period)) / 2, t counted from `from`. Null: it stays',
    { least: 2 },
  ),
  stages: integer(10, 'Steps in which a change that grows is made; each costs a copy of the data', {
    least: 1,
    most: 1_000,
  }),
};

export interface Course {
  readonly from: number;
  readonly over: number;
  readonly period: number | null;
  readonly stages: number;
}

export function checkCourse({ over, period }: Pick<Course, 'over' | 'period'>) {
  return over > 1 && period !== null ? { at: 'over', expected: '1 with a period' } : null;
}

/** From 0, no change, to `stages`, the whole change. */
export function stageIn({ from, over, period, stages }: Course, round: number): number {
  const since = round - from;
  const share = period === null ? Math.min(1, (since + 1) / over) : (1 - cosineOfTurns((since / period) % 1)) / 2;
  return Math.round(share * stages);
}
