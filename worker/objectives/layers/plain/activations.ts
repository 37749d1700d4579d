import { exp, sigmoid, softplus, tanh } from '../../../../protocol/numerics/elementary.js';
import { normalCdf } from '../../../../protocol/numerics/special-functions.js';
import type { Activation } from '../parts/operations.js';

const INVERSE_SQRT_TWO_PI = 1 / Math.sqrt(2 * Math.PI);

/** The normal distribution function; of no number, none. */
const normal = (z: number): number => (Number.isNaN(z) ? z : normalCdf(z));

/** Values, and derivatives from the argument z and the value y, with the same bits on every machine. */
export const ACTIVATIONS: Readonly<
  Record<Activation, { readonly apply: (z: number) => number; readonly slope: (z: number, y: number) => number }>
> = {
  relu: { apply: (z) => Math.max(z, 0), slope: (_z, y) => (y > 0 ? 1 : 0) },
  tanh: { apply: tanh, slope: (_z, y) => 1 - y * y },
  sigmoid: { apply: sigmoid, slope: (_z, y) => y * (1 - y) },
  softplus: { apply: softplus, slope: (z) => sigmoid(z) },
  gelu: {
    apply: (z) => z * normal(z),
    slope: (z) => normal(z) + z * INVERSE_SQRT_TWO_PI * exp(-0.5 * z * z),
  },
};
