import { serverMoments } from './parts/server-moments.js';

/** v = beta2 v + (1 - beta2) D^2. */
export default serverMoments('fed-adam', (square, updateSquare, beta2) => beta2 * square + (1 - beta2) * updateSquare, {
  learningRate: 0.1,
  beta1: 0.9,
});
