import { BYTE_UNITS, numberText, TIME_UNITS, type Unit, unitFor } from './units.js';

/** Figures of a run by their names in the record, as a reader sees them. */

/**
 * `final accuracy` for `finalAccuracy`, `simulated time` for `simulatedMs`; paths of settings stay. `between`: what the bytes that no
 * coordinator sees went between.
 */
export function figureName(name: string, between = 'between peers'): string {
  if (name === 'bytesPeer') return `bytes ${between}`;
  if (name.includes('.')) return name;
  return (
    WORDS[name] ??
    name.replace(/Ms$/, 'Time').replace(/([a-z\d])([A-Z])/g, (_, a: string, b: string) => `${a} ${b.toLowerCase()}`)
  );
}

const WORDS: Readonly<Record<string, string>> = {
  bytesUp: 'bytes up',
  bytesDown: 'bytes down',
  w2: 'W2 from the posterior',
  rhatMax: 'largest R-hat',
  essMin: 'smallest bulk ESS',
  essTailMin: 'smallest tail ESS',
};

/** A figure with its unit, and with `spread` a mean and its standard deviation. */
export function figureText(name: string, value: number | null | undefined, spread?: number): string {
  if (value === null || value === undefined) return '–';
  if (!Number.isFinite(value)) return numberText(value);
  const unit = unitOf(name, Math.abs(value));
  if (unit === null) return spread ? withSpread(value, spread) : plain(value);
  const scaled = value / unit.size;
  return `${spread ? withSpread(scaled, spread / unit.size) : plain(scaled)} ${unit.name}`;
}

function unitOf(name: string, value: number): Unit | null {
  if (/^bytes|Bytes$/.test(name)) return unitFor(value, BYTE_UNITS);
  if (/Ms$/.test(name)) return unitFor(value, TIME_UNITS);
  return /accuracy$/i.test(name) ? { name: '%', size: 0.01 } : null;
}

/** Below this share of the mean a spread is the rounding of its computation. */
const ROUNDING = 1e-13;

/** The spread with two digits, and the mean to the same place: `61.5 ± 4.3`. */
function withSpread(mean: number, spread: number): string {
  if (spread < ROUNDING * Math.abs(mean)) return plain(mean);
  const places = Math.min(20, Math.max(0, 1 - Math.floor(Math.log10(spread))));
  const tiny = spread < 1e-6 * Math.abs(mean) || Math.abs(mean) < 1e-3;
  if (tiny) return `${plain(mean)} ± ${numberText(Number(spread.toPrecision(2)))}`;
  return `${mean.toFixed(places).replace('-', '−')} ± ${spread.toFixed(places)}`;
}

function plain(value: number): string {
  return Number.isInteger(value) ? numberText(value) : numberText(Number(value.toPrecision(4)));
}
