import { number } from '../../settings/kinds.js';
import { required } from '../../settings/setting.js';
import { defineSettings } from '../../settings/settings.js';
import { judgeFigure } from '../bounded-figure.js';
import { defineExpectation } from '../expectation.js';
import { type Made, madeSpec } from '../made.js';
import type { Spec } from '../scenario.js';
import { figure, groupBy } from '../settings.js';

/** A figure such as `finalLoss` ends strictly below a value. */
export function below(settings: { of: string; value: number; groupBy?: string | null }): Made<Spec> {
  return madeSpec({ ...settings, name: 'below' });
}

export default defineExpectation({
  name: 'below',
  summary: 'a figure is below a value; over seeds, its mean',
  settings: defineSettings({ of: figure(required), value: number(required, 'Strictly below this'), groupBy }),
  judge: (records, { value, ...which }) => judgeFigure(records, which, (seen) => seen < value, `below ${value}`),
});
