import { defineMethod, type Vector } from '../../protocol/method.js';

export default defineMethod({
  name: 'rejected',
  paper: { title: 'none', url: 'none', algorithm: 'none' },
  defaults: { rate: 0.1 },
  messages: {
    model: { from: 'coordinator', to: 'cohort', vectors: ['params'] },
    update: { from: 'clients', to: 'coordinator', vectors: ['delta'], scalars: ['examples'] },
  },
  client: {
    init: () => null,
    async round(state, at) {
      for (const model of await at.take('model')) at.measure('examples', model.examples); // rejected: TS2339
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
