import type { Inbox, Links, PartyId, ReadonlyVector, Vector } from '../../../method.js';
import { zerosLike } from '../../../numerics/vector.js';

/**
 * Row `self` of W over the received vectors: sum_j w_ij v_j in sender order. A lost message leaves the row short; its
 * weight goes to the party's own vector, so the row still sums to 1. `own`: the party's vector as its peers decode it.
 */
export function mix<T extends { readonly from: PartyId }>(
  received: readonly T[] & Pick<Inbox<unknown>, 'absent'>,
  links: Links,
  own: ReadonlyVector,
  vector: (message: T) => ReadonlyVector,
): Vector {
  const sums = new Float64Array(own.length);
  let missing = 0;
  for (const { from } of received.absent) missing += links.weightFrom(from);
  if (missing > 0) for (let i = 0; i < sums.length; i++) sums[i] = missing * own[i]!;
  for (const message of received) {
    const weight = links.weightFrom(message.from);
    const value = vector(message);
    for (let i = 0; i < sums.length; i++) sums[i] = sums[i]! + weight * value[i]!;
  }
  return inPrecisionOf(own, sums);
}

/**
 * The same over copies that the party holds of its peers' vectors, in the order of `links.inNeighbors`. A peer without a copy gives
 * its weight to the party's own vector, which stands for `self` too.
 */
export function mixCopies(
  links: Links,
  self: PartyId,
  own: ReadonlyVector,
  copyOf: (peer: PartyId) => ReadonlyVector | undefined,
): Vector {
  const sums = new Float64Array(own.length);
  for (const peer of links.inNeighbors) {
    const weight = links.weightFrom(peer);
    const value = peer === self ? own : (copyOf(peer) ?? own);
    for (let i = 0; i < sums.length; i++) sums[i] = sums[i]! + weight * value[i]!;
  }
  return inPrecisionOf(own, sums);
}

function inPrecisionOf(own: ReadonlyVector, sums: Float64Array): Vector {
  if (own.BYTES_PER_ELEMENT === 8) return sums;
  const mixed = zerosLike(own);
  mixed.set(sums);
  return mixed;
}
