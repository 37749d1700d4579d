import { GradswarmError } from '../../errors.js';

/** Range checks shared by everything that accounts: a value out of range is refused by name, never clamped. */
function refuse(name: string, expected: string, got: number): never {
  throw new GradswarmError('ERR_PRIVACY', `${name}: expected ${expected}, got ${got}`);
}

export function checkDelta(delta: number): void {
  if (!(delta > 0 && delta < 1)) refuse('delta', 'a probability strictly between 0 and 1', delta);
}

export function checkEpsilon(epsilon: number): void {
  if (!(epsilon >= 0 && epsilon < Number.POSITIVE_INFINITY))
    refuse('epsilon', 'a finite number of at least 0', epsilon);
}

export function checkSampling(sampling: number): void {
  if (!(sampling >= 0 && sampling <= 1)) refuse('sampling probability q', 'a number in [0, 1]', sampling);
}

/** Infinity is allowed: it is a release without information. */
export function checkNoiseMultiplier(noiseMultiplier: number): void {
  if (!(noiseMultiplier >= 0)) refuse('noise multiplier', 'a number of at least 0', noiseMultiplier);
}

export function checkRecordCount(count: number): void {
  if (!(Number.isSafeInteger(count) && count >= 1)) refuse('number of records', 'a whole number of at least 1', count);
}

export function checkCount(name: string, count: number): void {
  if (!(Number.isSafeInteger(count) && count >= 0)) refuse(name, 'a whole number of at least 0', count);
}
