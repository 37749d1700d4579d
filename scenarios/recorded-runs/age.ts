const UNITS = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['min', 60_000],
  ['s', 1000],
] as const;

/** `3 d`, `5 h`, `12 min`, `8 s`. */
export function ageText(ms: number): string {
  for (const [unit, size] of UNITS) if (ms >= size) return `${Math.floor(ms / size)} ${unit}`;
  return '0 s';
}

/** Milliseconds of `7d`, `12h`, `30min`, `10s`; null: another text. */
export function parseAge(text: string): number | null {
  const [, digits, unit] = /^(\d+) ?(d|h|min|s)$/.exec(text) ?? [];
  const size = UNITS.find(([name]) => name === unit)?.[1];
  return size === undefined ? null : Number(digits) * size;
}
