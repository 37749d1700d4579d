import { scenario } from '../../scenarios/api/scenario.js';

export default scenario({
  method: 'sgd',
  data: {
    name: 'mnist',
    partition: {
      name: 'dirichlet',
      alfa: 0.1, // rejected: TS2353
    },
  },
});
