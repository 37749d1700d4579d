import { scenario } from '../../scenarios/api/scenario.js';

export default scenario({
  method: {
    name: 'fedavg',
    localEpochs: '2', // rejected: TS2322
  },
  data: 'mnist',
});
