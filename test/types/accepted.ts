import { defineMethod, type Vector } from '../../protocol/method.js';
import { number } from '../../protocol/settings/kinds.js';
import { defineSettings } from '../../protocol/settings/settings.js';

/** The same method as in the files beside it, with nothing wrong in it: their errors are not those of a broken set-up. */
export default defineMethod({
  name: 'accepted',
  paper: { title: 'none', url: 'none', algorithm: 'none' },
  settings: defineSettings({ rate: number(0.1, 'A rate') }),
  messages: {
    model: { from: 'coordinator', to: 'cohort', vectors: ['params'] },
    update: { from: 'clients', to: 'coordinator', vectors: ['delta'], scalars: ['examples'] },
  },
  client: {
    init: () => null,
    async round(state, at) {
      for (const { from, params } of await at.take('model')) {
        const gradient = await at.objective.gradient(params, Uint32Array.of(0));
        gradient[0] = at.hyperparameters.rate * params[0]!;
        at.post('update', from, { delta: gradient, examples: params.length });
      }
      at.measure('shards', at.objective.exampleCount);
      return state;
    },
  },
  coordinator: {
    init: ({ initialParams }): { readonly params: Vector } => ({ params: initialParams }),
    async round(state, at): Promise<{ readonly params: Vector }> {
      at.post('model', at.cohort, { params: state.params });
      const { sum } = await at.total('update', 10);
      at.measure('examples', sum.examples);
      return { params: at.zeros(sum.delta.length) };
    },
    estimates: ({ params }) => [params],
  },
});
