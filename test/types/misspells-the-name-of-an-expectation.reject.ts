import { scenario } from '../../scenarios/api/scenario.js';

export default scenario({
  method: 'sgd',
  data: 'mnist',
  expect: ['finit'], // rejected: TS2820
});
