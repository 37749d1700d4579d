import { judgeFigure } from '../bounded-figure.js';
import { defineExpectation } from '../expectation.js';
import type { Spec } from '../scenario.js';
import { figure, groupBy } from '../settings.js';
import { finite, strict } from '../structure.js';

/** least <= figure <= most. */
export function between(settings: { of: string; least: number; most: number; groupBy?: string | null }): Spec {
  return { ...settings, name: 'between' };
}

export default defineExpectation({
  name: 'between',
  summary: 'a figure lies between two values, both included; over seeds, its mean',
  settings: strict({ of: figure, least: finite, most: finite, groupBy }).refine(({ least, most }) => least <= most, {
    error: 'a least value that is not above the most',
  }),
  judge: (records, { least, most, ...which }) =>
    judgeFigure(records, which, (seen) => seen >= least && seen <= most, `from ${least} to ${most}`),
});
