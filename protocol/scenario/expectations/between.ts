import { number } from '../../settings/kinds.js';
import { required } from '../../settings/setting.js';
import { defineSettings } from '../../settings/settings.js';
import { judgeFigure } from '../bounded-figure.js';
import { defineExpectation } from '../expectation.js';
import { type Made, madeSpec } from '../made.js';
import type { Spec } from '../scenario.js';
import { figure, groupBy } from '../settings.js';

/** least <= figure <= most. */
export function between(settings: { of: string; least: number; most: number; groupBy?: string | null }): Made<Spec> {
  return madeSpec({ ...settings, name: 'between' });
}

export default defineExpectation({
  name: 'between',
  summary: 'a figure lies between two values, both included; over seeds, its mean',
  settings: defineSettings({
    of: figure(required),
    least: number(required, 'Lower bound, included'),
    most: number(required, 'Upper bound, included'),
    groupBy,
  }).and(({ least, most }) => (least <= most ? null : { expected: 'a least value that is not above the most' })),
  judge: (records, { least, most, ...which }) =>
    judgeFigure(records, which, (seen) => seen >= least && seen <= most, `from ${least} to ${most}`),
});
