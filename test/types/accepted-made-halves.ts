import { defineMethod, type Vector } from '../../protocol/method.js';
import { number } from '../../protocol/settings/kinds.js';
import { defineSettings } from '../../protocol/settings/settings.js';

/** Both halves made from the run's constants; types flow through the makers. */
export default defineMethod({
  name: 'accepted-made-halves',
  paper: { title: 'none', url: 'none', algorithm: 'none' },
  settings: defineSettings({ rate: number(0.1, 'A rate') }),
  messages: {
    model: { from: 'coordinator', to: 'cohort', vectors: ['params'] },
    update: { from: 'clients', to: 'coordinator', vectors: ['delta'], scalars: ['examples'] },
  },
  client: ({ hyperparameters: { rate } }) => ({
    init: () => null,
    async round(state, at) {
      for (const { from, params } of await at.take('model')) {
        const gradient = await at.objective.gradient(params, Uint32Array.of(0));
        gradient[0] = rate * params[0]!;
        at.post('update', from, { delta: gradient, examples: params.length });
      }
      return state;
    },
  }),
  coordinator: ({ parameterCount }) => ({
    init: ({ initialParams }): { readonly params: Vector } => ({ params: initialParams }),
    async round(state, at): Promise<{ readonly params: Vector }> {
      at.post('model', at.cohort, { params: state.params });
      const { sum } = await at.total('update', 10);
      at.measure('examples', sum.examples);
      return { params: at.zeros(parameterCount) };
    },
    estimates: ({ params }) => [params],
  }),
});
