import { z } from 'zod';
import { defineExpectation } from '../expectation.js';
import { matches } from '../groups.js';
import { inDigits, meanFigure } from '../quantity.js';
import type { Json, Spec } from '../scenario.js';
import { bound, figure, hasBound, inWords, oneBound, within } from '../settings.js';
import { either, strict } from '../structure.js';
import { choiceInWords } from '../wording.js';

type Values = Readonly<Record<string, Json>>;

/**
 * A figure over a figure, of the same runs or of two parts of a sweep: `numerator` and `denominator` choose runs by
 * the values at paths of their scenarios (left out: all runs), each averaged. `over` left out: the same figure.
 */
export function ratio(settings: {
  of: string;
  over?: string | null;
  numerator?: Values;
  denominator?: Values;
  least?: number | null;
  most?: number | null;
}): Spec {
  return { ...settings, name: 'ratio' };
}

const chosen = z.record(z.string(), z.json(), { error: 'an object of paths and values' }).default({});

export default defineExpectation({
  name: 'ratio',
  summary: 'one figure over another, or over the same figure of another part of the sweep, lies within bounds',
  settings: strict({
    of: figure,
    over: either('the name of a figure or null', figure, z.null()).default(null),
    numerator: chosen,
    denominator: chosen,
    least: bound,
    most: bound,
  }).refine(hasBound, oneBound),
  judge(records, { of, over, numerator, denominator, least, most }) {
    const top = meanFigure(
      records.filter((record) => matches(record, numerator as Values)),
      of,
    );
    const bottom = meanFigure(
      records.filter((record) => matches(record, denominator as Values)),
      over ?? of,
    );
    if (top === null || bottom === null) {
      const missing = top === null ? of : (over ?? of);
      const side = top === null ? 'numerator' : 'denominator';
      return {
        holds: 'unknown',
        observed: null,
        detail: `${side}: no run, or no figure '${missing}' in one of the runs`,
      };
    }
    const value = top / bottom;
    const part = (values: Values) => (Object.keys(values).length === 0 ? '' : ` (${choiceInWords(values)})`);
    const above = `${of} ${inDigits(top)}${part(numerator as Values)}`;
    const beneath = `${over === null ? '' : `${over} `}${inDigits(bottom)}${part(denominator as Values)}`;
    const detail = `${above} / ${beneath} = ${inDigits(value)}, expected ${inWords(least, most)}`;
    if (Number.isNaN(value)) return { holds: 'unknown', observed: value, detail };
    return { holds: within(value, least, most), observed: value, detail };
  },
});
