import { tf } from './tensorflow.js';

/** A kernel of devices on the wasm heap: both gradients of a convolution, of which `dy` is the derivative by its outputs. */
export const CONVOLUTION_GRADIENTS = 'ConvolutionGradients';

/** How the kernels of TensorFlow.js take a convolution. */
interface How {
  readonly strides: number;
  readonly pad: 'same' | 'valid';
  readonly dataFormat: 'NHWC';
}

/** A kernel whose public face only a gradient has, which the library's Node bundle does not register. */
export function runKernel<T = tf.Tensor>(name: string, inputs: Record<string, tf.Tensor>, attributes: object): T {
  return tf.engine().runKernel(name, inputs, attributes as never) as T;
}

/** By the images `x`, and by the filter; null: not asked for. */
export function convolutionGradients(
  { x, filter, dy }: { readonly x: tf.Tensor; readonly filter: tf.Tensor; readonly dy: tf.Tensor },
  how: How,
  byImages: boolean,
  byFilter: boolean,
): readonly [tf.Tensor | null, tf.Tensor | null] {
  // The public type promises a kernel for every name.
  const own = tf.getKernel(CONVOLUTION_GRADIENTS, tf.getBackend()) as tf.KernelConfig | undefined;
  if (own && byImages && byFilter) return runKernel(CONVOLUTION_GRADIENTS, { x, filter, dy }, how);
  return [
    byImages ? runKernel('Conv2DBackpropInput', { dy, filter }, { ...how, inputShape: x.shape }) : null,
    byFilter ? runKernel('Conv2DBackpropFilter', { x, dy }, { ...how, filterShape: filter.shape }) : null,
  ];
}
