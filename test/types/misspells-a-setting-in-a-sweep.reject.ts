import { sweep } from '../../scenarios/api/scenario.js';

export default sweep('swept', {
  base: {
    method: 'sgd',
    data: 'mnist',
    objective: {
      name: 'mlp',
      hiden: [8], // rejected: TS2769
    },
  },
  over: { seed: [1, 2] },
});
