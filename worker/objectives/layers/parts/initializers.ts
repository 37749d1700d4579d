import type { Rng, Vector } from '../../../../protocol/method.js';
import { oneOf } from '../../../../protocol/settings/kinds.js';

/** How a tensor begins. Inputs and outputs of a tensor: the product of its axes but the last, and but the last but one. */
const INITIALIZERS = [
  'glorot-uniform',
  'glorot-normal',
  'he-uniform',
  'he-normal',
  'lecun-normal',
  'normal',
  'zeros',
  'ones',
] as const;
export type Initializer = (typeof INITIALIZERS)[number];

/** The setting of a layer. */
export const initializer = (byDefault: Initializer) =>
  oneOf(
    INITIALIZERS,
    byDefault,
    "Variance 2 / (inputs + outputs): glorot (Glorot, Bengio, 2010); 2 / inputs: he (He et al., 2015); 1 / inputs: lecun; 'normal': 0.02^2",
  );

/** Writes the initial values of a tensor. */
export function initialize(into: Vector, shape: readonly number[], how: Initializer, rng: Rng): void {
  if (how === 'zeros' || how === 'ones') {
    into.fill(how === 'ones' ? 1 : 0);
    return;
  }
  const variance = varianceOf(shape, how);
  if (how.endsWith('uniform')) {
    const reach = Math.sqrt(3 * variance);
    for (let i = 0; i < into.length; i++) into[i] = reach * (2 * rng.uniform() - 1);
    return;
  }
  const deviation = Math.sqrt(variance);
  const draws = rng.normal(into.length);
  for (let i = 0; i < into.length; i++) into[i] = deviation * draws[i]!;
}

function varianceOf(shape: readonly number[], how: Initializer): number {
  const [before = 1, outputs = 1] = shape.slice(-2);
  const area = shape.slice(0, -2).reduce((product, length) => product * length, 1);
  const [inputs, outgoing] = [area * before, area * outputs];
  if (how.startsWith('glorot')) return 2 / (inputs + outgoing);
  if (how.startsWith('he')) return 2 / inputs;
  return how === 'lecun-normal' ? 1 / inputs : 0.02 ** 2;
}
