import { sweep, where } from '../../scenarios/api/scenario.js';

export default sweep('narrowed', {
  base: { method: 'sgd', data: 'mnist' },
  over: { seed: [1, 2] },
  claims: [
    {
      claim: 'it converges',
      source: 'Theorem 1',
      where: { seed: 1 },
      judgedBy: [
        where({ seed: 2 }, 'finit'), // rejected: TS2345
      ],
    },
  ],
});
