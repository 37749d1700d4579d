import type { ReadonlyVector, Vector } from '../../method.js';
import { add, copy, subtract, sumInto, zeros } from '../../numerics/vector.js';
import { defineSettings } from '../../settings/settings.js';
import { defineMemory, type Memory } from '../memory.js';

/**
 * Error feedback (Seide et al. 2014; Karimireddy et al., ICML 2019; reconstructed, not checked against the papers): p = e + v; send c = C(p); e = p - c. So sum of c_t + e_T =
 * e_0 + sum of v_t, and the point x minus the mean of all e moves as if nothing had been compressed. A lost message goes back
 * into e.
 *
 * v should contain the step size. Where a method posts bare gradients and changes its step, e is in units of the old step:
 * post step times gradient instead.
 */
export interface ErrorFeedbackState {
  readonly error: Vector;
}

const memory: Memory<ErrorFeedbackState, never> = {
  name: 'error-feedback',
  needs: 'contractive-or-absolute',
  init: (length, precision) => ({ error: zeros(length, precision) }),
  prepare: (state, value, into) => (into ? sumInto(into, state.error, 1, value) : add(state.error, value)),
  settle: (_state, _value, prepared, decoded) => ({ error: subtract(prepared, decoded) }),
  lost: (_state, _value, prepared: ReadonlyVector) => ({ error: copy(prepared) }),
  deliveredValue: (_state, decoded) => decoded,
};

const errorFeedback = defineMemory({
  name: 'error-feedback',
  summary: 'The sum of what compression left out, sent with the next vector',
  settings: defineSettings({}),
  create: () => memory as unknown as Memory,
});

export default errorFeedback;
