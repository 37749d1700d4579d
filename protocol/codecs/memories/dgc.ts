import type { ReadonlyVector, Vector } from '../../method.js';
import { add, addScaled, copy, zeros } from '../../numerics/vector.js';
import { probability } from '../../settings/kinds.js';
import { defineSettings } from '../../settings/settings.js';
import { defineMemory, type Memory } from '../memory.js';

/**
 * Deep gradient compression (Lin et al., ICLR 2018; reconstructed, not checked against the paper): u = m u + v, a = a + u; send C(a) of a sparse codec; where
 * an entry was sent (decodes to a number that is not zero), both u and a become zero: momentum factor masking, which keeps
 * stale momentum from pushing an entry that has just moved. Momentum correction is the order: momentum first, then the sum,
 * so the receiver must use no momentum of its own. A lost message: nothing was sent, nothing is masked.
 *
 * What a lossy code of the sent values leaves out is dropped, as in the paper, not kept.
 */
export interface DgcState {
  readonly momentum: Vector;
  readonly accumulated: Vector;
}

function dgcMemory(momentum: number): Memory<DgcState, never> {
  const advanced = (state: DgcState, value: ReadonlyVector) => addScaled(value, momentum, state.momentum);
  return {
    name: 'dgc',
    needs: 'contractive-or-absolute',
    init: (length, precision) => ({ momentum: zeros(length, precision), accumulated: zeros(length, precision) }),
    prepare: (state, value) => add(state.accumulated, advanced(state, value)),
    settle(state, value, prepared, decoded) {
      const next = { momentum: advanced(state, value), accumulated: copy(prepared) };
      for (let i = 0; i < decoded.length; i++)
        if (decoded[i] !== 0) {
          next.momentum[i] = 0;
          next.accumulated[i] = 0;
        }
      return next;
    },
    lost: (state, value, prepared) => ({ momentum: advanced(state, value), accumulated: copy(prepared) }),
    deliveredValue: (_state, decoded) => decoded,
  };
}

const dgc = defineMemory({
  name: 'dgc',
  summary: 'Momentum and sum of what was not sent; both become zero where an entry was',
  settings: defineSettings({ momentum: probability(0.9, 'Decay factor of the velocity') }),
  create: ({ momentum }) => dgcMemory(momentum) as unknown as Memory,
});

export default dgc;
