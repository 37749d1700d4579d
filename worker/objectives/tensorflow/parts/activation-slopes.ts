import { tf } from '../../../device/tensorflow.js';
import type { Activation } from '../../layers/parts/operations.js';

const SQRT_HALF = Math.SQRT1_2;
const INVERSE_SQRT_TWO_PI = 1 / Math.sqrt(2 * Math.PI);

/** The normal distribution function. */
const normal = (z: tf.Tensor): tf.Tensor => tf.mul(0.5, tf.add(1, tf.erf(tf.mul(z, SQRT_HALF))));

type Curve = Exclude<Activation, 'relu'>;

/** Values, and derivatives by the argument z from `dy`, those by the value y. relu has kernels of its own. */
const ACTIVATION: Readonly<
  Record<
    Curve,
    {
      readonly apply: (z: tf.Tensor) => tf.Tensor;
      readonly gradient: (dy: tf.Tensor, z: tf.Tensor, y: tf.Tensor) => tf.Tensor;
    }
  >
> = {
  tanh: { apply: (z) => tf.tanh(z), gradient: (dy, _z, y) => tf.mul(dy, tf.sub(1, tf.square(y))) },
  sigmoid: { apply: (z) => tf.sigmoid(z), gradient: (dy, _z, y) => tf.mul(dy, tf.mul(y, tf.sub(1, y))) },
  softplus: { apply: (z) => tf.softplus(z), gradient: (dy, z) => tf.mul(dy, tf.sigmoid(z)) },
  gelu: {
    apply: (z) => tf.mul(z, normal(z)),
    gradient: (dy, z) =>
      tf.mul(dy, tf.add(normal(z), tf.mul(z, tf.mul(INVERSE_SQRT_TWO_PI, tf.exp(tf.mul(-0.5, tf.square(z))))))),
  },
};

export function activationOf(name: Curve): (typeof ACTIVATION)[Curve] {
  return ACTIVATION[name];
}
