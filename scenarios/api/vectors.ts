/** Vectors in the precision of the run, summed in a fixed order: the same bits on every machine. */

export {
  accumulate,
  add,
  addScaled,
  allFinite,
  clip,
  copy,
  dot,
  multiply,
  norm,
  precisionOf,
  scale,
  squaredDistance,
  squaredNorm,
  subtract,
  zeros,
  zerosLike,
} from '../../protocol/numerics/vector.js';
