import { add, copy, decay, defineMemory, defineSettings, scale, subtract, type Vector, zeros } from 'gradswarm/codec';

interface State {
  readonly error: Vector;
}

/** Error feedback that forgets: what compression left out is sent with the next vector, times `keep`. */
export default defineMemory({
  name: 'leaky-feedback',
  summary: 'Error feedback whose error decays',
  settings: defineSettings({ keep: decay(0.9, 'Share of the error that is kept for the next vector') }),
  create: ({ keep }) => ({
    name: 'leaky-feedback',
    needs: 'contractive-or-absolute',
    init: (length, precision): State => ({ error: zeros(length, precision) }),
    prepare: (state, value) => add(scale(keep, (state as State).error), value),
    settle: (_state, _value, prepared, decoded): State => ({ error: subtract(prepared, decoded) }),
    lost: (_state, _value, prepared): State => ({ error: copy(prepared) }),
    deliveredValue: (_state, decoded) => decoded,
  }),
});
