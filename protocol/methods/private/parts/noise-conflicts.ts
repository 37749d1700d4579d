import type { Conflict } from '../../../settings/settings.js';

/** A radius beyond this never clips. */
const NO_CLIPPING = 1e100;

/** With noise a radius must clip: noise is a multiple of it. */
export function finiteRadius<K extends string>(
  setting: K,
  settings: Readonly<Record<K, number>>,
  noised: boolean,
): Conflict | null {
  if (!noised || settings[setting] < NO_CLIPPING) return null;
  return { at: setting, expected: 'a finite radius, since noise is scaled by it' };
}

/** The reason why a calibration has no solution. */
export function withoutError(calibrate: () => unknown): Conflict | null {
  try {
    calibrate();
    return null;
  } catch (error) {
    return { expected: `a target that some noise meets (${(error as Error).message})` };
  }
}
