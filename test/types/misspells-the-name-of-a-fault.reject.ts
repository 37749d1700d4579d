import { scenario } from '../../scenarios/api/scenario.js';

export default scenario({
  method: 'sgd',
  data: 'mnist',
  faults: [{ fault: 'dropp', probability: 0.1 }], // rejected: TS2322
});
