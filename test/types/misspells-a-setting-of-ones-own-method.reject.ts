import { scenario } from '../../scenarios/api/scenario.js';

export default scenario<{ method: { mine: { readonly step: number } } }>({
  method: {
    name: 'mine',
    stepp: 0.1, // rejected: TS2561
  },
  data: 'mnist',
});
