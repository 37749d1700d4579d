import { scenario } from '../../scenarios/api/scenario.js';

export default scenario({
  method: 'sgd',
  data: 'mnist',
  codecs: {
    gradient: {
      codec: {
        name: 'qsgd',
        level: 4, // rejected: TS2561
      },
      memory: 'error-feedback',
    },
  },
});
