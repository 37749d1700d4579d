import { z } from 'zod';
import { either, finite, text } from './structure.js';

/** Settings that several expectations share. */

export const figure = text.min(1, { error: "the name of a figure such as 'finalLoss'" });
export const series = text.min(1, { error: "the name of a series such as 'loss'" });
export const groupBy = either('a path of the scenario or null', text, z.null()).default(null);
export const bound = either('a number or null', finite, z.null()).default(null);

/** Is the value within the bounds that are given? */
export function within(value: number, least: number | null, most: number | null): boolean {
  return (least === null || value >= least) && (most === null || value <= most);
}

export function inWords(least: number | null, most: number | null): string {
  if (least === null) return `at most ${most}`;
  return most === null ? `at least ${least}` : `from ${least} to ${most}`;
}

export const oneBound = { error: 'at least one of least and most' };
export const hasBound = (bounds: { least: number | null; most: number | null }) =>
  bounds.least !== null || bounds.most !== null;
