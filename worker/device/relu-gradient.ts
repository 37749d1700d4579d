import { tf } from './tensorflow.js';

/** A kernel of devices on the wasm heap: the derivative by the argument of relu from `dy` and its values `y`, in one pass. */
export const RELU_GRADIENT = 'ReluGradient';

/** dy times the slope of relu, from its values. */
export function reluGradient(dy: tf.Tensor, y: tf.Tensor): tf.Tensor {
  // The public type promises a kernel for every name.
  const own = tf.getKernel(RELU_GRADIENT, tf.getBackend()) as tf.KernelConfig | undefined;
  return own ? (tf.engine().runKernel(RELU_GRADIENT, { dy, y }) as tf.Tensor) : tf.mul(dy, tf.step(y));
}
