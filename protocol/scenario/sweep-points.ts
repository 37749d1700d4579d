import type { Conflict } from '../settings/settings.js';
import type { SweepInput } from './input.js';
import type { Json } from './scenario.js';

/** The combinations of values that a sweep runs: all, or those that it lists, each with every value of the paths that it does not name. */
export function combinations(over: SweepInput['over'], points: SweepInput['points']): Record<string, Json>[] {
  if (!points) return product(over);
  return points.flatMap((point) => {
    const fixed = Object.entries(point).map(([path, value]) => [path, [value]]);
    return product({ ...over, ...(Object.fromEntries(fixed) as SweepInput['over']) });
  });
}

/** The sweep with every point free in `path`, each of what is then left once. */
export function withoutPath<S extends Pick<SweepInput, 'points'>>(sweep: S, path: string): S {
  if (!sweep.points) return sweep;
  const left = sweep.points.map((point) => Object.fromEntries(Object.entries(point).filter(([name]) => name !== path)));
  return { ...sweep, points: [...new Map(left.map((point) => [JSON.stringify(point), point])).values()] };
}

/** What is wrong with the points that a sweep lists; null: nothing. */
export function pointConflict({ over, points }: Pick<SweepInput, 'over' | 'points'>): Conflict | null {
  if (points?.length === 0) return { at: 'points', expected: 'at least one point, or null', got: points };
  for (const [index, point] of (points ?? []).entries())
    for (const [path, value] of Object.entries(point)) {
      const at = `points.${index}`;
      if (!Object.hasOwn(over, path))
        return { at, expected: `paths of 'over' (${Object.keys(over).join(', ')})`, got: path };
      if (!over[path]!.some((known) => JSON.stringify(known) === JSON.stringify(value)))
        return { at, expected: `a value that 'over' lists for ${path}`, got: value };
    }
  return null;
}

/** The Cartesian product in written order, the last path changing fastest. */
function product(over: SweepInput['over']): Record<string, Json>[] {
  let points: Record<string, Json>[] = [{}];
  for (const [path, values] of Object.entries(over)) {
    points = points.flatMap((point) => values.map((value) => ({ ...point, [path]: value })));
  }
  return points;
}
