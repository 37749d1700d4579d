// asc: --importMemory --enable relaxed-simd
/* The same with multiply-adds of relaxed SIMD, which round once or twice as the processor does: its bits belong to a kind of processor. */

export { addBias, columnSums, reluGradient } from './parts/columns';
export { addFilterGradient, convolve, inputGradient } from './parts/direct-convolution';
export { multiply, scratchBytes } from './parts/multiply';
export { transposeAll } from './parts/packing';
export { padImages } from './parts/padding';
export { addPatches, gatherPatches } from './parts/patches';
export { addToMaxima } from './parts/pooling';
export { hash, step, stepAndHash } from './parts/step';
export {
  addToInputs,
  filterOfTiles,
  outputsOfTiles,
  tilesOfFilter,
  tilesOfInputs,
  tilesOfOutputs,
} from './parts/winograd';
