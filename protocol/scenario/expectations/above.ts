import { judgeFigure } from '../bounded-figure.js';
import { defineExpectation } from '../expectation.js';
import type { Spec } from '../scenario.js';
import { figure, groupBy } from '../settings.js';
import { finite, strict } from '../structure.js';

/** A figure such as `finalAccuracy` ends strictly above a value. */
export function above(settings: { of: string; value: number; groupBy?: string | null }): Spec {
  return { ...settings, name: 'above' };
}

export default defineExpectation({
  name: 'above',
  summary: 'a figure is above a value; over seeds, its mean',
  settings: strict({ of: figure, value: finite, groupBy }),
  judge: (records, { value, ...which }) => judgeFigure(records, which, (seen) => seen > value, `above ${value}`),
});
