import { scenario } from '../../scenarios/api/scenario.js';

export default scenario({
  method: 'sgd',
  data: 'mnist',
  expect: [
    {
      name: 'above',
      of: 'finalAccuracy',
      valu: 0.5, // rejected: TS2353
    },
  ],
});
