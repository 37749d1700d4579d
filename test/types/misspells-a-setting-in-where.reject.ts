import { sweep, where } from '../../scenarios/api/scenario.js';

export default sweep('narrowed', {
  base: { method: 'sgd', data: 'mnist' },
  over: { seed: [1, 2] },
  expect: [
    where(
      { seed: 1 },
      {
        name: 'below',
        of: 'finalLoss',
        valu: 0.5, // rejected: TS2353
      },
    ),
  ],
});
