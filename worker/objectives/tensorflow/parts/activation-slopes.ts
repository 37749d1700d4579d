import * as tf from '@tensorflow/tfjs-core';
import type { Activation } from '../../layers/parts/operations.js';

const SQRT_HALF = Math.SQRT1_2;
const INVERSE_SQRT_TWO_PI = 1 / Math.sqrt(2 * Math.PI);

/** The normal distribution function. */
const normal = (z: tf.Tensor): tf.Tensor => tf.mul(0.5, tf.add(1, tf.erf(tf.mul(z, SQRT_HALF))));

/** Values, and derivatives from the argument z and the value y. */
const ACTIVATION: Readonly<
  Record<
    Activation,
    { readonly apply: (z: tf.Tensor) => tf.Tensor; readonly slope: (z: tf.Tensor, y: tf.Tensor) => tf.Tensor }
  >
> = {
  relu: { apply: (z) => tf.relu(z), slope: (_z, y) => tf.step(y) },
  tanh: { apply: (z) => tf.tanh(z), slope: (_z, y) => tf.sub(1, tf.square(y)) },
  sigmoid: { apply: (z) => tf.sigmoid(z), slope: (_z, y) => tf.mul(y, tf.sub(1, y)) },
  softplus: { apply: (z) => tf.softplus(z), slope: (z) => tf.sigmoid(z) },
  gelu: {
    apply: (z) => tf.mul(z, normal(z)),
    slope: (z) => tf.add(normal(z), tf.mul(z, tf.mul(INVERSE_SQRT_TWO_PI, tf.exp(tf.mul(-0.5, tf.square(z)))))),
  },
};

export function activationOf(name: Activation): (typeof ACTIVATION)[Activation] {
  return ACTIVATION[name];
}
