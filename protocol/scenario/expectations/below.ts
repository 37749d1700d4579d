import { judgeFigure } from '../bounded-figure.js';
import { defineExpectation } from '../expectation.js';
import type { Spec } from '../scenario.js';
import { figure, groupBy } from '../settings.js';
import { finite, strict } from '../structure.js';

/** A figure such as `finalLoss` ends strictly below a value. */
export function below(settings: { of: string; value: number; groupBy?: string | null }): Spec {
  return { ...settings, name: 'below' };
}

export default defineExpectation({
  name: 'below',
  summary: 'a figure is below a value; over seeds, its mean',
  settings: strict({ of: figure, value: finite, groupBy }),
  judge: (records, { value, ...which }) => judgeFigure(records, which, (seen) => seen < value, `below ${value}`),
});
