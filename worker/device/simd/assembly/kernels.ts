// asc: --importMemory
/*
 * What training a network of layers spends its time on, in AssemblyScript on the heap of the wasm backend; `npm run build`
 * compiles it. Sums are formed in an order that the shapes alone decide, so their bits are the same on every machine.
 */

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
