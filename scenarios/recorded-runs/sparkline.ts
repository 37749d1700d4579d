const LEVELS = '▁▂▃▄▅▆▇█';

/** Numbers as one line of bars from the least to the largest, at most `width` of them (means of stretches); a space: no number. */
export function sparkline(values: readonly (number | null)[], width: number): string {
  const columns = Math.min(width, values.length);
  const means = Array.from({ length: columns }, (_, i) => {
    const stretch = values.slice(
      Math.floor((i * values.length) / columns),
      Math.floor(((i + 1) * values.length) / columns),
    );
    const finite = stretch.filter((value): value is number => value !== null && Number.isFinite(value));
    return finite.length === 0 ? null : finite.reduce((sum, value) => sum + value, 0) / finite.length;
  });
  const known = means.filter((value) => value !== null);
  const [low, high] = [Math.min(...known), Math.max(...known)];
  const level = (value: number) =>
    high === low ? 0 : Math.min(LEVELS.length - 1, Math.floor(((value - low) / (high - low)) * LEVELS.length));
  return means.map((value) => (value === null ? ' ' : LEVELS[level(value)])).join('');
}
