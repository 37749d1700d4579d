import { serverMoments } from './parts/server-moments.js';

/** v -= (1 - beta2) D^2 sign(v - D^2). */
export default serverMoments(
  'fed-yogi',
  (square, updateSquare, beta2) => square - (1 - beta2) * updateSquare * Math.sign(square - updateSquare),
  { learningRate: 0.1, beta1: 0.9 },
);
