import { scenario } from '../../scenarios/api/scenario.js';

export default scenario({
  method: 'sgd',
  data: 'mnist',
  faults: [{ fault: 'byzantine', clients: [0], attack: 'sign-flop' }], // rejected: TS2322
});
