import { scenario } from '../../scenarios/api/scenario.js';

export default scenario({
  method: 'fedav', // rejected: TS2820
  data: 'mnist',
});
