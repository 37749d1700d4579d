import {
  filterGradient,
  filterTransform,
  inputGradient,
  inputTransform,
  outputGradient,
  outputTransform,
} from './tile-transforms';

/**
 * Between images [examples, height, width, channels] and transformed tiles [36, tiles, channels] of a convolution by 3 x 3 with stride 1.
 * `high` and `wide`: tiles of an example; `from` and `to` count tiles over all examples. Channels are multiples of four. `scratch`:
 * 720 bytes and those of a pixel.
 */

/** Inputs of a tile, and places between the first input of one tile and of the next: outputs of a tile. */
const INPUTS: i32 = 6;
const OUTPUTS: i32 = 4;
const LINE: usize = 6 * 16;
/** Of 36 vectors, then as many addresses; then a pixel that is outside. */
const ADDRESSES: usize = 36 * 16;
const OUTSIDE: usize = ADDRESSES + 36 * 4;

/** Notes where the side x side pixels of a tile lie whose first is (y0, x0); those outside the image lie at `outside`. */
function locate(
  addresses: usize,
  side: i32,
  image: usize,
  height: i32,
  width: i32,
  pixel: usize,
  y0: i32,
  x0: i32,
  outside: usize,
): void {
  for (let y = y0; y < y0 + side; y++)
    for (let x = x0; x < x0 + side; x++, addresses += 4) {
      const isInside = y >= 0 && y < height && x >= 0 && x < width;
      store<u32>(addresses, <u32>(isInside ? image + <usize>(y * width + x) * pixel : outside));
    }
}

/** Notes where the pixels of tile `t` lie. */
function locateTile(
  t: i32,
  scratch: usize,
  side: i32,
  images: usize,
  height: i32,
  width: i32,
  pixel: usize,
  top: i32,
  left: i32,
  high: i32,
  wide: i32,
): void {
  const image = images + <usize>(t / (high * wide)) * <usize>(height * width) * pixel;
  const y0 = ((t / wide) % high) * OUTPUTS - top;
  const x0 = (t % wide) * OUTPUTS - left;
  locate(scratch + ADDRESSES, side, image, height, width, pixel, y0, x0, scratch + OUTSIDE);
}

function pixelOf(addresses: usize, i: i32, c: usize): v128 {
  return v128.load(<usize>load<u32>(addresses + ((<usize>i) << 2)) + c);
}

/** B' d B of the inputs. */
export function tilesOfInputs(
  tiles: usize,
  images: usize,
  height: i32,
  width: i32,
  channels: i32,
  top: i32,
  left: i32,
  high: i32,
  wide: i32,
  from: i32,
  to: i32,
  scratch: usize,
): void {
  const pixel = (<usize>channels) << 2;
  const plane = <usize>(to - from) * pixel;
  const at = scratch + ADDRESSES;
  memory.fill(scratch + OUTSIDE, 0, pixel);
  for (let t = from; t < to; t++) {
    locateTile(t, scratch, INPUTS, images, height, width, pixel, top, left, high, wide);
    for (let c: usize = 0; c < pixel; c += 16, tiles += 16) {
      for (let j = 0; j < INPUTS; j++)
        inputTransform(
          scratch + ((<usize>j) << 4),
          LINE,
          pixelOf(at, j, c),
          pixelOf(at, j + 6, c),
          pixelOf(at, j + 12, c),
          pixelOf(at, j + 18, c),
          pixelOf(at, j + 24, c),
          pixelOf(at, j + 30, c),
        );
      let into = tiles;
      for (let i = 0, line = scratch; i < INPUTS; i++, line += LINE, into += 6 * plane)
        inputTransform(
          into,
          plane,
          v128.load(line),
          v128.load(line, 16),
          v128.load(line, 32),
          v128.load(line, 48),
          v128.load(line, 64),
          v128.load(line, 80),
        );
    }
  }
}

/** Adds B v B' of gradients by transformed tiles to the images. */
export function addToInputs(
  images: usize,
  tiles: usize,
  height: i32,
  width: i32,
  channels: i32,
  top: i32,
  left: i32,
  high: i32,
  wide: i32,
  from: i32,
  to: i32,
  scratch: usize,
): void {
  const pixel = (<usize>channels) << 2;
  const plane = <usize>(to - from) * pixel;
  for (let t = from; t < to; t++) {
    locateTile(t, scratch, INPUTS, images, height, width, pixel, top, left, high, wide);
    for (let c: usize = 0; c < pixel; c += 16, tiles += 16) {
      for (let j = 0; j < INPUTS; j++) {
        const column = tiles + <usize>j * plane;
        inputGradient(
          scratch + ((<usize>j) << 4),
          LINE,
          v128.load(column),
          v128.load(column + 6 * plane),
          v128.load(column + 12 * plane),
          v128.load(column + 18 * plane),
          v128.load(column + 24 * plane),
          v128.load(column + 30 * plane),
        );
      }
      for (let i = 0, line = scratch; i < INPUTS; i++, line += LINE)
        inputGradient(
          line,
          16,
          v128.load(line),
          v128.load(line, 16),
          v128.load(line, 32),
          v128.load(line, 48),
          v128.load(line, 64),
          v128.load(line, 80),
        );
      for (let i: usize = 0; i < 36; i++) {
        const into = <usize>load<u32>(scratch + ADDRESSES + (i << 2)) + c;
        v128.store(into, f32x4.add(v128.load(into), v128.load(scratch + (i << 4))));
      }
    }
  }
}

/** A' m A: the outputs, plus a bias by channel (0: none), then max(0, .) of it if `relu`. */
export function outputsOfTiles(
  images: usize,
  tiles: usize,
  height: i32,
  width: i32,
  channels: i32,
  high: i32,
  wide: i32,
  from: i32,
  to: i32,
  bias: usize,
  relu: bool,
  scratch: usize,
): void {
  const pixel = (<usize>channels) << 2;
  const plane = <usize>(to - from) * pixel;
  const zero = f32x4.splat(0);
  for (let t = from; t < to; t++) {
    locateTile(t, scratch, OUTPUTS, images, height, width, pixel, 0, 0, high, wide);
    for (let c: usize = 0; c < pixel; c += 16, tiles += 16) {
      for (let j = 0; j < INPUTS; j++) {
        const column = tiles + <usize>j * plane;
        outputTransform(
          scratch + ((<usize>j) << 4),
          LINE,
          v128.load(column),
          v128.load(column + 6 * plane),
          v128.load(column + 12 * plane),
          v128.load(column + 18 * plane),
          v128.load(column + 24 * plane),
          v128.load(column + 30 * plane),
        );
      }
      const offset = bias ? v128.load(bias + c) : zero;
      let addresses = scratch + ADDRESSES;
      for (let i = 0, line = scratch; i < OUTPUTS; i++, line += LINE, addresses += 16) {
        outputTransform(
          line,
          16,
          v128.load(line),
          v128.load(line, 16),
          v128.load(line, 32),
          v128.load(line, 48),
          v128.load(line, 64),
          v128.load(line, 80),
        );
        for (let j: usize = 0; j < 4; j++) {
          const value = f32x4.add(v128.load(line + (j << 4)), offset);
          v128.store(<usize>load<u32>(addresses + (j << 2)) + c, relu ? f32x4.max(value, zero) : value);
        }
      }
    }
  }
}

/** A y A' of gradients by the outputs. */
export function tilesOfOutputs(
  tiles: usize,
  images: usize,
  height: i32,
  width: i32,
  channels: i32,
  high: i32,
  wide: i32,
  from: i32,
  to: i32,
  scratch: usize,
): void {
  const pixel = (<usize>channels) << 2;
  const plane = <usize>(to - from) * pixel;
  const at = scratch + ADDRESSES;
  memory.fill(scratch + OUTSIDE, 0, pixel);
  for (let t = from; t < to; t++) {
    locateTile(t, scratch, OUTPUTS, images, height, width, pixel, 0, 0, high, wide);
    for (let c: usize = 0; c < pixel; c += 16, tiles += 16) {
      for (let j = 0; j < OUTPUTS; j++)
        outputGradient(
          scratch + ((<usize>j) << 4),
          LINE,
          pixelOf(at, j, c),
          pixelOf(at, j + 4, c),
          pixelOf(at, j + 8, c),
          pixelOf(at, j + 12, c),
        );
      let into = tiles;
      for (let i = 0, line = scratch; i < INPUTS; i++, line += LINE, into += 6 * plane)
        outputGradient(into, plane, v128.load(line), v128.load(line, 16), v128.load(line, 32), v128.load(line, 48));
    }
  }
}

/** G g G' of a filter [3, 3, channels, filters]: [36, channels, filters], whose numbers of one place of the kernel are `count`. */
export function tilesOfFilter(tiles: usize, filter: usize, count: i32, scratch: usize): void {
  const plane = (<usize>count) << 2;
  for (let c: usize = 0; c < plane; c += 16, tiles += 16, filter += 16) {
    for (let j = 0; j < 3; j++) {
      const column = filter + <usize>j * plane;
      filterTransform(
        scratch + ((<usize>j) << 4),
        48,
        v128.load(column),
        v128.load(column + 3 * plane),
        v128.load(column + 6 * plane),
      );
    }
    let into = tiles;
    for (let i = 0, line = scratch; i < 6; i++, line += 48, into += 6 * plane)
      filterTransform(into, plane, v128.load(line), v128.load(line, 16), v128.load(line, 32));
  }
}

/** G' u G of the gradient by a transformed filter. */
export function filterOfTiles(filter: usize, tiles: usize, count: i32, scratch: usize): void {
  const plane = (<usize>count) << 2;
  for (let c: usize = 0; c < plane; c += 16, tiles += 16, filter += 16) {
    for (let j = 0; j < 6; j++) {
      const column = tiles + <usize>j * plane;
      filterGradient(
        scratch + ((<usize>j) << 4),
        LINE,
        v128.load(column),
        v128.load(column + 6 * plane),
        v128.load(column + 12 * plane),
        v128.load(column + 18 * plane),
        v128.load(column + 24 * plane),
        v128.load(column + 30 * plane),
      );
    }
    let into = filter;
    for (let i = 0, line = scratch; i < 3; i++, line += LINE, into += 3 * plane)
      filterGradient(
        into,
        plane,
        v128.load(line),
        v128.load(line, 16),
        v128.load(line, 32),
        v128.load(line, 48),
        v128.load(line, 64),
        v128.load(line, 80),
      );
  }
}
