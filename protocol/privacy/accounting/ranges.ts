import { GradswarmError } from '../../errors.js';
import { type Range, rangeInWords, within } from '../../settings/kinds.js';

/** Ranges of what is accounted, in the words of settings. A value out of range is refused by name, never clamped. */

const NOUNS = {
  number: 'a number',
  finite: 'a finite number',
  integer: 'an integer',
} as const;

/** Throws ERR_PRIVACY. */
export function checkRange(name: string, value: number, range: Range, noun: keyof typeof NOUNS = 'finite'): void {
  const is = noun === 'number' || (noun === 'finite' ? Number.isFinite(value) : Number.isSafeInteger(value));
  if (is && within(value, range)) return;
  throw new GradswarmError('ERR_PRIVACY', `${name}: expected ${rangeInWords(NOUNS[noun], range)}, got ${value}`);
}

export const DELTA_RANGE: Range = { above: 0, below: 1 };

export function checkDelta(delta: number): void {
  checkRange('delta', delta, DELTA_RANGE, 'number');
}

export function checkEpsilon(epsilon: number): void {
  checkRange('epsilon', epsilon, { least: 0 });
}

export function checkSampling(sampling: number): void {
  checkRange('sampling probability q', sampling, { least: 0, most: 1 }, 'number');
}

/** Infinity is allowed: it is a release without information. */
export function checkNoiseMultiplier(noiseMultiplier: number): void {
  checkRange('noise multiplier', noiseMultiplier, { least: 0 }, 'number');
}

export function checkRecordCount(count: number): void {
  checkRange('number of records', count, { least: 1 }, 'integer');
}

export function checkCount(name: string, count: number): void {
  checkRange(name, count, { least: 0 }, 'integer');
}
