import type { BackendWasm } from '@tensorflow/tfjs-backend-wasm';
import module from './kernels.wasm.js';
import relaxedModule from './relaxed.wasm.js';

/** What assembly/kernels.ts exports. Addresses are bytes on the heap, strides bytes, the rest numbers of elements. */
export interface HeapModule {
  multiply(
    a: number,
    aRow: number,
    aColumn: number,
    b: number,
    bRow: number,
    bColumn: number,
    c: number,
    rows: number,
    columns: number,
    depth: number,
    bias: number,
    relu: boolean,
    adds: boolean,
    scratch: number,
  ): void;
  scratchBytes(depth: number, columns: number): number;
  columnSums(sums: number, matrix: number, rows: number, columns: number): void;
  reluGradient(into: number, derivatives: number, values: number, count: number): void;
  transposeAll(to: number, from: number, count: number, rows: number, columns: number): void;
  addBias(matrix: number, rows: number, columns: number, bias: number, relu: boolean): void;
  step(into: number, weights: number, gradient: number, count: number, rate: number): void;
  stepAndHash(into: number, weights: number, gradient: number, count: number, rate: number, hash: number): void;
  hash(from: number, count: number, hash: number): void;
  gatherPatches: WalkPatches;
  addPatches: WalkPatches;
  tilesOfInputs: (tiles: number, images: number, ...of: TileShape) => void;
  addToInputs: (images: number, tiles: number, ...of: TileShape) => void;
  outputsOfTiles(
    outputs: number,
    tiles: number,
    height: number,
    width: number,
    channels: number,
    high: number,
    wide: number,
    from: number,
    to: number,
    bias: number,
    relu: boolean,
    scratch: number,
  ): void;
  tilesOfOutputs(
    tiles: number,
    outputs: number,
    height: number,
    width: number,
    channels: number,
    high: number,
    wide: number,
    from: number,
    to: number,
    scratch: number,
  ): void;
  tilesOfFilter(tiles: number, filter: number, count: number, scratch: number): void;
  filterOfTiles(filter: number, tiles: number, count: number, scratch: number): void;
  padImages(padded: number, images: number, count: number, ...of: PaddedImages): void;
  convolve(
    y: number,
    images: number,
    count: number,
    ...of: [
      ...images: PaddedImages,
      filter: number,
      kernelHeight: number,
      kernelWidth: number,
      filters: number,
      bias: number,
      relu: boolean,
      padded: number,
      runs: number,
    ]
  ): void;
  addFilterGradient(
    sums: number,
    padded: number,
    dy: number,
    high: number,
    wide: number,
    channels: number,
    kernelHeight: number,
    kernelWidth: number,
    filters: number,
    from: number,
    to: number,
    runs: number,
  ): void;
  inputGradient(
    dx: number,
    dy: number,
    count: number,
    ...of: [
      ...images: PaddedImages,
      filter: number,
      kernelHeight: number,
      kernelWidth: number,
      filters: number,
      panels: number,
      padded: number,
      masks: number,
    ]
  ): void;
  addToMaxima(
    into: number,
    images: number,
    derivatives: number,
    examples: number,
    height: number,
    width: number,
    channels: number,
    windowHeight: number,
    windowWidth: number,
    strideHeight: number,
    strideWidth: number,
    top: number,
    left: number,
    outHeight: number,
    outWidth: number,
  ): void;
}
/** Sizes of an image, and where it lies in one with padding. */
type PaddedImages = [
  height: number,
  width: number,
  channels: number,
  top: number,
  left: number,
  high: number,
  wide: number,
];
type TileShape = [
  height: number,
  width: number,
  channels: number,
  top: number,
  left: number,
  high: number,
  wide: number,
  from: number,
  to: number,
  scratch: number,
];
type WalkPatches = (
  patches: number,
  images: number,
  height: number,
  width: number,
  channels: number,
  kernelHeight: number,
  kernelWidth: number,
  strideHeight: number,
  strideWidth: number,
  top: number,
  left: number,
  outHeight: number,
  outWidth: number,
  from: number,
  to: number,
) => void;

/** The wasm backend's heap, as far as kernels of our own need it. */
export interface Heap {
  readonly HEAPU8: Uint8Array;
  readonly asm: { readonly memory?: WebAssembly.Memory };
  _malloc(bytes: number): number;
  _free(at: number): void;
}

export function heapOf(backend: BackendWasm): Heap {
  return backend.wasm as unknown as Heap;
}

/** Writes `count` zeros. */
export function clear({ HEAPU8 }: Heap, at: number, count: number): void {
  HEAPU8.fill(0, at, at + 4 * count);
}

/** The kernels on the backend's heap. Throws where the engine has no SIMD, or no relaxed SIMD for `relaxed`. */
export function openHeapModule(backend: BackendWasm, relaxed: boolean): HeapModule {
  const base64 = relaxed ? relaxedModule : module;
  if (base64 === '') throw new Error('absent (gradswarm was built without the package assemblyscript)');
  const { memory } = heapOf(backend).asm;
  if (!memory) throw new Error('the wasm backend shows no memory');
  const bytes = Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
  return new WebAssembly.Instance(new WebAssembly.Module(bytes), { env: { memory } }).exports as unknown as HeapModule;
}

/** Room on the heap that is kept between calls and grows when more is asked for. */
export class Scratch {
  private at = 0;
  private size = 0;

  constructor(private readonly heap: Heap) {}

  /** The address of `bytes` that hold anything. */
  room(bytes: number): number {
    if (bytes > this.size) {
      if (this.at !== 0) this.heap._free(this.at);
      // Unsigned: addresses go beyond 2 GB.
      this.at = this.heap._malloc(bytes) >>> 0;
      if (this.at === 0) throw new RangeError(`wasm heap: expected room for ${bytes} bytes, got none`);
      this.size = bytes;
    }
    return this.at;
  }
}
