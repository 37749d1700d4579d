import { scenario } from '../../scenarios/api/scenario.js';

export default scenario({
  method: {
    name: 'sgd',
    optimizer: {
      name: 'adam',
      learningRat: 0.1, // rejected: TS2561
    },
  },
  data: 'mnist',
});
