import { serverMoments } from './parts/server-moments.js';

/** v += D^2. */
export default serverMoments('fed-adagrad', (square, updateSquare) => square + updateSquare, {
  learningRate: 0.1,
  beta1: 0,
  beta2: 0.99,
  tau: 1e-3,
  initialSquare: null,
});
