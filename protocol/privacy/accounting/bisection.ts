/**
 * The smallest x > 0 at which a monotone condition holds, to a relative 2^-50: the upper end of the last bracket, so that
 * the condition does hold at what is returned. `holds` must be false below the root and true from it on.
 * Returns Infinity when it holds nowhere up to 2^200, and 0 when it still holds at 2^-200.
 */
export function smallestWhere(holds: (x: number) => boolean): number {
  let high = 1;
  let low: number;
  if (holds(high)) {
    for (;;) {
      low = high / 2;
      if (!holds(low)) break;
      high = low;
      if (high < 2 ** -200) return 0;
    }
  } else {
    for (;;) {
      low = high;
      high *= 2;
      if (high > 2 ** 200) return Number.POSITIVE_INFINITY;
      if (holds(high)) break;
    }
  }
  while (high - low > high * 2 ** -50) {
    const middle = low + (high - low) / 2;
    if (holds(middle)) high = middle;
    else low = middle;
  }
  return high;
}
