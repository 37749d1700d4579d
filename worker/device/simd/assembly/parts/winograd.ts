import {
  filterGradient,
  filterTransform,
  inputGradient,
  inputTransform,
  lastTransform,
  outputGradient,
  outputTransform,
} from './tile-transforms';

/**
 * Between images [examples, height, width, channels] and transformed tiles [36, tiles, channels] of a convolution by 3 x 3 with stride 1.
 * `high` and `wide`: tiles of an example; `from` and `to` count tiles over all examples. Channels are multiples of four. `scratch`:
 * 1152 bytes and those of 36 pixels.
 */

/** Inputs of a tile, and places between the first input of one tile and of the next: outputs of a tile. */
const INPUTS: i32 = 6;
const OUTPUTS: i32 = 4;
/** Of a tile that is half transformed, and of as many vectors as two lines of such a cache have. */
const VECTOR: usize = 16;
const LINE: usize = 6 * VECTOR;
/** Of half transformed numbers; then the pixels of a tile that reaches beyond its image. */
const EDGE: usize = 1152;

/** First pixel of tile `t` in its image, which may be outside. */
function rowOf(t: i32, high: i32, wide: i32, top: i32): i32 {
  return ((t / wide) % high) * OUTPUTS - top;
}

function columnOf(t: i32, wide: i32, left: i32): i32 {
  return (t % wide) * OUTPUTS - left;
}

function isWhole(y0: i32, x0: i32, side: i32, height: i32, width: i32): bool {
  return y0 >= 0 && x0 >= 0 && y0 + side <= height && x0 + side <= width;
}

/** Copies the side x side pixels from (y0, x0) on to `edge`, with zeros for those outside the image; `back`: those inside from there. */
function copyEdge(
  edge: usize,
  side: i32,
  image: usize,
  height: i32,
  width: i32,
  pixel: usize,
  y0: i32,
  x0: i32,
  back: bool,
): void {
  for (let y = y0; y < y0 + side; y++)
    for (let x = x0; x < x0 + side; x++, edge += pixel) {
      const at = image + <usize>(y * width + x) * pixel;
      if (y >= 0 && y < height && x >= 0 && x < width) {
        if (back) memory.copy(at, edge, pixel);
        else memory.copy(edge, at, pixel);
      } else if (!back) memory.fill(edge, 0, pixel);
    }
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
  for (let t = from; t < to; t++) {
    const image = images + <usize>(t / (high * wide)) * <usize>(height * width) * pixel;
    const y0 = rowOf(t, high, wide, top);
    const x0 = columnOf(t, wide, left);
    const whole = isWhole(y0, x0, INPUTS, height, width);
    if (!whole) copyEdge(scratch + EDGE, INPUTS, image, height, width, pixel, y0, x0, false);
    const first = whole ? image + <usize>(y0 * width + x0) * pixel : scratch + EDGE;
    const line = whole ? <usize>width * pixel : 6 * pixel;
    for (let c: usize = 0; c < pixel; c += VECTOR, tiles += VECTOR) {
      // Columns of the tile, then lines of what they have become. One call for both, since a transform that has two is not put in its place.
      let at = first + c;
      let apart: usize = line;
      let next: usize = pixel;
      let into = scratch;
      let intoApart: usize = LINE;
      let intoNext: usize = VECTOR;
      for (let half = 0; half < 2; half++) {
        for (let j = 0; j < INPUTS; j++, at += next, into += intoNext) inputTransform(into, intoApart, at, apart);
        at = scratch;
        apart = VECTOR;
        next = LINE;
        into = tiles;
        intoApart = plane;
        intoNext = 6 * plane;
      }
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
    const image = images + <usize>(t / (high * wide)) * <usize>(height * width) * pixel;
    const y0 = rowOf(t, high, wide, top);
    const x0 = columnOf(t, wide, left);
    const whole = isWhole(y0, x0, INPUTS, height, width);
    if (!whole) copyEdge(scratch + EDGE, INPUTS, image, height, width, pixel, y0, x0, false);
    const first = whole ? image + <usize>(y0 * width + x0) * pixel : scratch + EDGE;
    const line = whole ? <usize>width * pixel : 6 * pixel;
    for (let c: usize = 0; c < pixel; c += VECTOR, tiles += VECTOR) {
      let at = tiles;
      let apart: usize = 6 * plane;
      let next: usize = plane;
      let into = scratch;
      let intoApart: usize = LINE;
      let intoNext: usize = VECTOR;
      for (let half = 0; half < 2; half++) {
        for (let j = 0; j < INPUTS; j++, at += next, into += intoNext)
          inputGradient(into, intoApart, at, apart, half === 1);
        at = scratch;
        apart = VECTOR;
        next = LINE;
        into = first + c;
        intoApart = pixel;
        intoNext = line;
      }
    }
    if (!whole) copyEdge(scratch + EDGE, INPUTS, image, height, width, pixel, y0, x0, true);
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
  for (let t = from; t < to; t++) {
    const image = images + <usize>(t / (high * wide)) * <usize>(height * width) * pixel;
    const y0 = rowOf(t, high, wide, 0);
    const x0 = columnOf(t, wide, 0);
    const whole = isWhole(y0, x0, OUTPUTS, height, width);
    const first = whole ? image + <usize>(y0 * width + x0) * pixel : scratch + EDGE;
    const line = whole ? <usize>width * pixel : 4 * pixel;
    for (let c: usize = 0; c < pixel; c += VECTOR, tiles += VECTOR) {
      const offset = bias ? v128.load(bias + c) : f32x4.splat(0);
      for (let j: usize = 0, at = tiles; j < 6; j++, at += plane)
        outputTransform(scratch + j * VECTOR, LINE, at, 6 * plane);
      let into = first + c;
      for (let i: usize = 0; i < 4; i++, into += line)
        lastTransform(into, pixel, scratch + i * LINE, VECTOR, offset, relu);
    }
    if (!whole) copyEdge(scratch + EDGE, OUTPUTS, image, height, width, pixel, y0, x0, true);
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
  for (let t = from; t < to; t++) {
    const image = images + <usize>(t / (high * wide)) * <usize>(height * width) * pixel;
    const y0 = rowOf(t, high, wide, 0);
    const x0 = columnOf(t, wide, 0);
    const whole = isWhole(y0, x0, OUTPUTS, height, width);
    if (!whole) copyEdge(scratch + EDGE, OUTPUTS, image, height, width, pixel, y0, x0, false);
    const first = whole ? image + <usize>(y0 * width + x0) * pixel : scratch + EDGE;
    const line = whole ? <usize>width * pixel : 4 * pixel;
    for (let c: usize = 0; c < pixel; c += VECTOR, tiles += VECTOR) {
      let at = first + c;
      let apart: usize = line;
      let next: usize = pixel;
      let into = scratch;
      let intoApart: usize = LINE;
      let intoNext: usize = VECTOR;
      let count = OUTPUTS;
      for (let half = 0; half < 2; half++) {
        for (let j = 0; j < count; j++, at += next, into += intoNext) outputGradient(into, intoApart, at, apart);
        at = scratch;
        apart = VECTOR;
        next = LINE;
        into = tiles;
        intoApart = plane;
        intoNext = 6 * plane;
        count = INPUTS;
      }
    }
  }
}

/** Of a filter at once: planes are whole pages apart, and a line of the cache that is left in between would be fetched again. */
const BLOCK: usize = 64;

/** G g G' of a filter [3, 3, channels, filters]: [36, channels, filters], whose numbers of one place of the kernel are `count`. */
export function tilesOfFilter(tiles: usize, filter: usize, count: i32, scratch: usize): void {
  const plane = (<usize>count) << 2;
  for (let c: usize = 0; c < plane; c += BLOCK) {
    const some = min(BLOCK, plane - c);
    for (let j: usize = 0; j < 3; j++)
      for (let v: usize = 0; v < some; v += VECTOR)
        filterTransform(scratch + j * BLOCK + v, 3 * BLOCK, filter + j * plane + c + v, 3 * plane);
    for (let i: usize = 0; i < 6; i++)
      for (let v: usize = 0; v < some; v += VECTOR)
        filterTransform(tiles + 6 * i * plane + c + v, plane, scratch + 3 * i * BLOCK + v, BLOCK);
  }
}

/** G' u G of the gradient by a transformed filter. */
export function filterOfTiles(filter: usize, tiles: usize, count: i32, scratch: usize): void {
  const plane = (<usize>count) << 2;
  for (let c: usize = 0; c < plane; c += BLOCK) {
    const some = min(BLOCK, plane - c);
    for (let j: usize = 0; j < 6; j++)
      for (let v: usize = 0; v < some; v += VECTOR)
        filterGradient(scratch + j * BLOCK + v, 6 * BLOCK, tiles + j * plane + c + v, 6 * plane);
    for (let i: usize = 0; i < 3; i++)
      for (let v: usize = 0; v < some; v += VECTOR)
        filterGradient(filter + 3 * i * plane + c + v, plane, scratch + 6 * i * BLOCK + v, BLOCK);
  }
}
