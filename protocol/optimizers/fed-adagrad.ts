import { serverMoments } from './parts/server-moments.js';

/** v += D^2. */
export default serverMoments(
  'fed-adagrad',
  (square, updateSquare) => square + updateSquare,
  {
    learningRate: 0.1,
    beta1: 0,
  },
  false,
);
