import { GradswarmError } from '../../protocol/errors.js';
import type { Rng } from '../../protocol/method.js';
import { exp, log } from '../../protocol/numerics/elementary.js';
import type { Json } from '../../protocol/scenario/scenario.js';

const SCALES = ['log', 'linear', 'integer'] as const;
type Scale = (typeof SCALES)[number];

/** Values of a search are written with so many digits: a folder's name and a table hold them whole. */
const DIGITS = 4;

const FORM = "PATH=0.1,0.3,1 or PATH=log:0.001:1 (also 'linear', 'integer'; ':5' at the end: 5 values of a grid)";

/** One setting that is searched: the values that are listed, or a range. */
export interface Axis {
  readonly path: string;
  readonly listed: readonly Json[] | null;
  readonly range: {
    readonly scale: Scale;
    readonly least: number;
    readonly most: number;
    readonly count: number | null;
  } | null;
}

/** `method.learningRate=log:0.001:1`. Throws ERR_USAGE. */
export function parseAxis(text: string): Axis {
  const equals = text.indexOf('=');
  const path = text.slice(0, Math.max(0, equals)).trim();
  const values = text.slice(equals + 1).trim();
  if (equals < 1 || values === '' || path.split('.').includes('')) throw refused(text);
  const [scale, ...numbers] = values.split(':');
  if (!SCALES.includes(scale as Scale) || numbers.length === 0)
    return { path, listed: listedIn(text, values), range: null };
  const [least, most, count] = numbers.map(Number);
  const counted = numbers.length === 3;
  const good =
    (numbers.length === 2 || counted) &&
    numbers.every((number) => number.trim() !== '' && Number.isFinite(Number(number))) &&
    least! < most! &&
    (scale !== 'log' || least! > 0) &&
    (scale !== 'integer' || (Number.isSafeInteger(least) && Number.isSafeInteger(most))) &&
    (!counted || (Number.isSafeInteger(count) && count! >= 2));
  if (!good) throw refused(text);
  return {
    path,
    listed: null,
    range: { scale: scale as Scale, least: least!, most: most!, count: counted ? count! : null },
  };
}

/** The values of a grid, rising, without repetition. Throws ERR_USAGE for a range without a count. */
export function gridValues({ path, listed, range }: Axis): readonly Json[] {
  if (listed) return listed;
  const { count, scale } = range!;
  if (count === null)
    throw new GradswarmError(
      'ERR_USAGE',
      `--over ${path}: expected values, or a range with the number of values of the grid such as ${scale}:${range!.least}:${range!.most}:5`,
    );
  return [...new Set(Array.from({ length: count }, (_, i) => valueAt(range!, i / (count - 1))))];
}

/** One value at random: uniform over those listed, over the range, or over its logarithm. */
export function drawValue({ listed, range }: Axis, rng: Rng): Json {
  if (listed) return listed[rng.below(listed.length)]!;
  const { scale, least, most } = range!;
  if (scale === 'integer') return least + rng.below(most - least + 1);
  return valueAt(range!, rng.uniform());
}

function valueAt({ scale, least, most }: NonNullable<Axis['range']>, share: number): number {
  const value = scale === 'log' ? exp(log(least) + share * (log(most) - log(least))) : least + share * (most - least);
  return scale === 'integer' ? Math.round(value) : Number(value.toPrecision(DIGITS));
}

/** JSON, several with commas between; what is no JSON is a bare word. */
function listedIn(text: string, values: string): readonly Json[] {
  try {
    return JSON.parse(`[${values}]`) as Json[];
  } catch {
    if (/[[{"]/.test(values)) throw refused(text);
    return values.split(',').map((word) => {
      if (word.trim() === '') throw refused(text);
      return Number.isFinite(Number(word)) ? Number(word) : word.trim();
    });
  }
}

function refused(text: string): GradswarmError {
  return new GradswarmError('ERR_USAGE', `--over: expected ${FORM}, got '${text}'`);
}
