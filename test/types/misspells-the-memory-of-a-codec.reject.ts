import { scenario } from '../../scenarios/api/scenario.js';

export default scenario({
  method: 'sgd',
  data: 'mnist',
  codecs: {
    gradient: {
      codec: 'top-k',
      memry: 'error-feedback', // rejected: TS2561
    },
  },
});
