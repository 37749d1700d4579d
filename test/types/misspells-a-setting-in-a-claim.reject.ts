import { scenario } from '../../scenarios/api/scenario.js';

export default scenario({
  method: 'sgd',
  data: 'mnist',
  claims: [
    {
      claim: 'it converges',
      source: 'Theorem 1',
      judgedBy: [
        {
          name: 'below',
          of: 'finalLoss',
          valu: 0.5, // rejected: TS2353
        },
      ],
    },
  ],
});
