import { flag } from '../../settings/kinds.js';
import { required } from '../../settings/setting.js';
import { defineSettings } from '../../settings/settings.js';
import { defineExpectation, type Holds } from '../expectation.js';
import { matches } from '../groups.js';
import { type Made, madeSpec } from '../made.js';
import { type PairedRatio, pairedRatio } from '../paired-ratio.js';
import { inDigits, meanFigure } from '../quantity.js';
import type { Json, Spec } from '../scenario.js';
import { chosenRuns, figure, inWords, least, most, oneBound, within } from '../settings.js';
import { choiceInWords } from '../wording.js';

type Values = Readonly<Record<string, Json>>;

/**
 * A figure over a figure, of the same runs or of two parts of a sweep: `numerator` and `denominator` choose runs by
 * the values at paths of their scenarios (left out: all runs), each averaged. `over` left out: the same figure. Where both have
 * runs of the same two seeds or more, the words give the 95 % interval of the ratio, paired by seed; `interval`: the whole interval
 * must lie within the bounds, and one that a bound cuts is unknown.
 */
export function ratio(settings: {
  of: string;
  over?: string | null;
  numerator?: Values;
  denominator?: Values;
  least?: number | null;
  most?: number | null;
  interval?: boolean;
}): Made<Spec> {
  return madeSpec({ ...settings, name: 'ratio' });
}

export default defineExpectation({
  name: 'ratio',
  summary: 'one figure over another, or over the same figure of another part of the sweep, lies within bounds',
  settings: defineSettings({
    of: figure(required, 'The figure above the line'),
    over: figure(null, 'The figure below the line; null: the same'),
    numerator: chosenRuns({}, 'Runs above the line, by values at paths; empty: all'),
    denominator: chosenRuns({}, 'Runs below the line; empty: all'),
    least,
    most,
    interval: flag(false, 'Judge the confidence interval over seeds'),
  }).and(oneBound),
  judge(records, { of, over, numerator, denominator, least, most, interval }) {
    const above = records.filter((record) => matches(record, numerator as Values));
    const beneath = records.filter((record) => matches(record, denominator as Values));
    const top = meanFigure(above, of);
    const bottom = meanFigure(beneath, over ?? of);
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
    const dividend = `${of} ${inDigits(top)}${part(numerator as Values)}`;
    const divisor = `${over === null ? '' : `${over} `}${inDigits(bottom)}${part(denominator as Values)}`;
    const paired = pairedRatio([above, of], [beneath, over ?? of]);
    const detail = `${dividend} / ${divisor} = ${inDigits(value)}${spread(paired)}, expected ${inWords(least, most)}`;
    if (Number.isNaN(value) || (interval && !paired)) return { holds: 'unknown', observed: value, detail };
    const holds = interval ? intervalWithin(paired!, least, most) : within(value, least, most);
    return { holds, observed: value, detail };
  },
});

function spread(paired: PairedRatio | null): string {
  if (!paired) return '';
  const { low, high, seeds } = paired;
  return ` (95 % interval ${inDigits(low)} to ${inDigits(high)}, ${seeds.length} seeds)`;
}

/** Unknown where a bound cuts the interval. */
function intervalWithin({ low, high }: PairedRatio, least: number | null, most: number | null): Holds {
  if (within(low, least, most) && within(high, least, most)) return true;
  const apart = (least !== null && high < least) || (most !== null && low > most);
  return apart ? false : 'unknown';
}
