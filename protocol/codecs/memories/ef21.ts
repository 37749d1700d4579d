import type { Vector } from '../../method.js';
import { add, subtract, sumInto, zeros } from '../../numerics/vector.js';
import { defineSettings } from '../../settings/settings.js';
import { defineMemory, type Memory } from '../memory.js';

/**
 * EF21 (Richtarik, Sokolov, Fatkhullin, NeurIPS 2021; reconstructed, not checked against the paper): both sides hold g, from zero; send c = C(v - g); both set g = g + c,
 * and the receiver's value is the new g. With v constant |g - v|^2 shrinks by 1 - delta a message. A lost message changes
 * neither side. The two copies are equal bit for bit because both do the one addition.
 */
export interface Ef21State {
  readonly estimate: Vector;
}

const memory: Memory<Ef21State, Ef21State> = {
  name: 'ef21',
  needs: 'contractive',
  init: (length, precision) => ({ estimate: zeros(length, precision) }),
  prepare: (state, value, into) => (into ? sumInto(into, value, -1, state.estimate) : subtract(value, state.estimate)),
  settle: (state, _value, _prepared, decoded) => ({ estimate: add(state.estimate, decoded) }),
  lost: (state) => state,
  deliveredValue: (state, decoded) => add(state.estimate, decoded),
  receiver: {
    init: (length, precision) => ({ estimate: zeros(length, precision) }),
    receive(state, decoded) {
      const estimate = add(state.estimate, decoded);
      return [estimate, { estimate }];
    },
  },
};

const ef21 = defineMemory({
  name: 'ef21',
  summary: 'A copy of what receivers hold, moved by compressed differences',
  settings: defineSettings({}),
  create: () => memory as unknown as Memory,
});

export default ef21;
