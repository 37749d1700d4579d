import type * as tf from '@tensorflow/tfjs-core';
import type { WordHash } from './word-hash.js';

/** Where tensors are computed, and the fastest way in and out of it. */
export interface Device {
  readonly name: string;
  /** What exactly was opened, such as an adapter. */
  readonly detail: string;
  /** One line for each candidate looked at: chosen, absent, or broken and why. */
  readonly why: readonly string[];
  /** One gradient, computed twice, had equal bits. */
  readonly deterministic: boolean;
  /**
   * A tensor of these values; the array may be written again at once. Weights are uploaded for each call too: the wasm
   * backend keeps a packed copy of a matrix by its tensor, and would continue to multiply by the old values.
   */
  upload<R extends tf.Rank = tf.Rank>(values: Float32Array, shape: readonly number[]): tf.Tensor<R>;
  /** The tensors' numbers one after the other in `into`, by then or once the promise is kept. The tensors stay. */
  read(tensors: readonly tf.Tensor[], into: Float32Array): void | Promise<void>;
  tensorCount(): number;
  /** Of all but the plain reference. */
  readonly stepping?: Stepping;
}

/** Training without the weights' way out of the device and back at every step. */
export interface Stepping {
  /** Adds the bits of the tensors, one after the other, to a hash; of devices whose tensors lie in this process's memory. */
  hash?(tensors: readonly tf.Tensor[], into: WordHash): WordHash;
  /**
   * weights - rate x gradients as new tensors: a kernel may keep a packed copy of a matrix by its tensor. In float64 and rounded once where
   * the tensors lie in this process's memory, else in float32. Their bits are added to `hash`, if there is one.
   */
  stepped(
    weights: readonly tf.Tensor[],
    gradients: readonly tf.Tensor[],
    rate: number,
    hash: WordHash | null,
  ): readonly tf.Tensor[] | Promise<readonly tf.Tensor[]>;
}
