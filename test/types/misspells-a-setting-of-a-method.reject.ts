import { scenario } from '../../scenarios/api/scenario.js';

export default scenario({
  method: {
    name: 'fedavg',
    localEpoch: 2, // rejected: TS2561
  },
  data: 'mnist',
});
