import { defineSelection, defineSettings } from 'gradswarm/selection';

/** Every client comes equally often: each round the next `cohort` ones, the first again behind the last. */
export default defineSelection({
  name: 'taking-turns',
  summary: 'The next clients in order, the first again behind the last',
  settings: defineSettings({}),
  create: (_, { clientCount, cohort }) => ({
    init: () => null,
    invite: (_state, { index }) =>
      Array.from({ length: Math.min(cohort, clientCount) }, (_, k) => ({
        client: (index * cohort + k) % clientCount,
        factor: null,
      })),
  }),
});
