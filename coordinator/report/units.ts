import type { CheckpointCost } from '../run/checkpoint-pace.js';
/** Human-readable numbers, bytes and durations. */

/** A unit's sign and its size in the base unit. */
export interface Unit {
  readonly name: string;
  readonly size: number;
}

/** The unit in which the largest value has few digits, from units in ascending order of size. */
export function unitFor(largest: number, units: readonly Unit[]): Unit {
  return units.findLast(({ size }) => largest >= size) ?? units[0]!;
}

export const BYTE_UNITS: readonly Unit[] = [
  { name: 'B', size: 1 },
  { name: 'kB', size: 1e3 },
  { name: 'MB', size: 1e6 },
  { name: 'GB', size: 1e9 },
  { name: 'TB', size: 1e12 },
];

/** Sizes in milliseconds. */
export const TIME_UNITS: readonly Unit[] = [
  { name: 'ms', size: 1 },
  { name: 's', size: 1e3 },
  { name: 'min', size: 60e3 },
  { name: 'h', size: 3600e3 },
];

const ENERGY_UNITS: readonly Unit[] = [
  { name: 'J', size: 1 },
  { name: 'kJ', size: 1e3 },
  { name: 'MJ', size: 1e6 },
  { name: 'GJ', size: 1e9 },
];

/** Six digits at most; null is a dash. */
export function numberText(value: number | null | undefined): string {
  if (value === null || value === undefined) return '–';
  if (!Number.isFinite(value)) return String(value).replace('-', '−');
  if (Number.isInteger(value) && Math.abs(value) < 1e15)
    return String(value)
      .replace(/\B(?=(\d{3})+$)/g, ',')
      .replace('-', '−');
  return String(Number(value.toPrecision(value !== 0 && Math.abs(value) < 1e-3 ? 3 : 5))).replace(/^-/, '−');
}

export function bytesText(bytes: number): string {
  return inUnit(bytes, BYTE_UNITS);
}

export function energyText(joules: number): string {
  return inUnit(joules, ENERGY_UNITS);
}

export function timeText(ms: number): string {
  return inUnit(ms, TIME_UNITS);
}

function inUnit(value: number, units: readonly Unit[]): string {
  const { name, size } = unitFor(value, units);
  return `${Number((value / size).toPrecision(4))} ${name}`;
}

/** Words for whether an expectation holds. */
export function resultText(holds: boolean | 'unknown'): 'met' | 'not met' | 'inconclusive' {
  if (holds === 'unknown') return 'inconclusive';
  return holds ? 'met' : 'not met';
}

/** Words for a run whose expectations all hold, of which one does not, or that shows neither. */
export function verdictText(valid: boolean | 'unknown'): 'valid' | 'not valid' | 'inconclusive' {
  if (valid === 'unknown') return 'inconclusive';
  return valid ? 'valid' : 'not valid';
}

/** `3 of 30 rounds were without any update`. */
export function withoutUpdateText(count: number, rounds: number): string {
  return `${count} of ${rounds} ${rounds === 1 ? 'round was' : 'rounds were'} without any update`;
}

/** `30 s`, `2 min`, `1.5 h`: about how long something takes. */
export function aboutText(seconds: number): string {
  if (seconds < 60) return `${Math.ceil(seconds)} s`;
  return seconds < 3600 ? `${Math.ceil(seconds / 60)} min` : `${(seconds / 3600).toFixed(1)} h`;
}

/** `12 checkpoints, one every 2 s, 4.8 % of the time`. */
export function checkpointText({ count, spentMs, ofMs }: CheckpointCost): string {
  const share = numberText((100 * spentMs) / Math.max(1, ofMs));
  return `${count} ${count === 1 ? 'checkpoint' : 'checkpoints'}, one every ${timeText(ofMs / count)}, ${share} % of the time`;
}

/** What repeated rounds cost, in a sentence; null when no round was charged twice. */
export function repetitionText({
  epsilon,
  delta,
  repeated,
}: {
  readonly epsilon: number | null;
  readonly delta: number | null;
  readonly repeated?: { readonly rounds: number; readonly epsilonWithout: number };
}): string | null {
  if (!repeated || epsilon === null) return null;
  const rounds = repeated.rounds === 1 ? '1 round was' : `${repeated.rounds} rounds were`;
  return (
    `${rounds} repeated with fresh noise, and each attempt is charged: epsilon ${numberText(epsilon)} at delta ${delta}, ` +
    `${numberText(repeated.epsilonWithout)} without. With privacy.budget a run ends before another round would pass it.`
  );
}
