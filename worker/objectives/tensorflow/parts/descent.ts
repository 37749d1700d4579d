import type { ReadonlyVector, Vector } from '../../../../protocol/method.js';
import type { Device, Stepping } from '../../../device/device-access.js';
import { tf } from '../../../device/tensorflow.js';
import { addToHash, emptyHash, type WordHash } from '../../../device/word-hash.js';
import { pause } from '../../../pause.js';

/** What local SGD asks of an objective. */
interface Descending {
  upload(device: Device, params: ReadonlyVector): readonly tf.Tensor[];
  /** New tensors, of the mean over the batch. `hash`: of the weights' bits; it is asked for at every batch or at none. */
  gradients(weights: readonly tf.Tensor[], batch: Uint32Array, hash: () => WordHash): readonly tf.Tensor[];
}

/** Of objectives on a device, which let the event loop run by themselves. */
export interface WholeDescent {
  /** `descendInto`; `between` is called before each step, and what it throws ends the descent. */
  descendWhole(
    params: ReadonlyVector,
    batches: readonly Uint32Array[],
    rate: number,
    room: (() => Vector) | undefined,
    between: () => void,
  ): Promise<Vector>;
}

/** Settled when the descents that were asked for have ended. */
let formerDescents: Promise<void> = Promise.resolve();

/**
 * Local SGD whose weights stay on the device from the first batch to the last, and are then read to the vector that `room` gives. One descent after the other,
 * also where many parties ask at once: the weights and gradients of one then stay in the processor's caches from step to step.
 */
export function descendOn(...call: Parameters<typeof descend>): Promise<Vector> {
  const descent = formerDescents.then(() => descend(...call));
  const ended = () => {};
  formerDescents = descent.then(ended, ended);
  return descent;
}

async function descend(
  device: Device,
  stepping: Stepping,
  { upload, gradients: gradientsOf }: Descending,
  params: ReadonlyVector,
  batches: readonly Uint32Array[],
  rate: number,
  room: () => Vector,
  between: () => void,
): Promise<Vector> {
  // Before the weights are put on the device: it may have waited for others.
  between();
  let weights = upload(device, params);
  // Of the weights; null until it is asked for, which happens before the first step.
  let hash: WordHash | null = null;
  const hashed = () => {
    hash ??= stepping.hash ? stepping.hash(weights, emptyHash()) : addToHash(emptyHash(), params);
    return hash;
  };
  try {
    const steps = batches.filter(({ length }) => length > 0);
    for (const [i, batch] of steps.entries()) {
      const gradients = tf.tidy(() => [...gradientsOf(weights, batch, hashed)]);
      // After the last step no one asks for it.
      hash = hash && i + 1 < steps.length ? emptyHash() : null;
      const next = await stepping.stepped(weights, gradients, rate, hash);
      tf.dispose([gradients, weights as tf.Tensor[]]);
      weights = next;
      await pause();
      between();
    }
    const into = room();
    await device.read(weights, into as Float32Array);
    return into;
  } finally {
    tf.dispose(weights as tf.Tensor[]);
  }
}
