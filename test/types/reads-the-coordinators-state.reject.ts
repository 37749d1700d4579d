import { defineMethod, type Vector } from '../../protocol/method.js';
import { number } from '../../protocol/settings/kinds.js';
import { defineSettings } from '../../protocol/settings/settings.js';

export default defineMethod({
  name: 'rejected',
  paper: { title: 'none', url: 'none', algorithm: 'none' },
  settings: defineSettings({ rate: number(0.1, 'A rate') }),
  messages: {
    model: { from: 'coordinator', to: 'cohort', vectors: ['params'] },
    update: { from: 'clients', to: 'coordinator', vectors: ['delta'], scalars: ['examples'] },
  },
  client: {
    init: ({ initialParams }): { readonly control: Vector } => ({ control: initialParams }),
    async round(state, at) {
      at.measure('first', state.params[0]!); // rejected: TS2339
      return state;
    },
  },
  coordinator: {
    init: ({ initialParams }): { readonly params: Vector } => ({ params: initialParams }),
    async round(state, at): Promise<{ readonly params: Vector }> {
      at.post('model', at.cohort, { params: state.params });
      return state;
    },
  },
});
