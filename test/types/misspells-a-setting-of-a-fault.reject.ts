import { scenario } from '../../scenarios/api/scenario.js';

export default scenario({
  method: 'sgd',
  data: 'mnist',
  faults: [
    {
      fault: 'drop',
      probabilty: 0.1, // rejected: TS2353
    },
  ],
});
