import { PANEL, packColumns } from './packing';
import { cutImages, padImages } from './padding';
import { addPlaces, writeMasks } from './place-tiles';
import { narrowTile, wideTile } from './run-tiles';

/**
 * Convolutions with stride 1 without patches: what a kernel sees of a padded image [high, wide, channels] is a run of numbers in each of its
 * lines. `height` and `width` are those of the images without padding. Sums are formed in the order of those of patches, and have their bits.
 */

/** Places that are summed before their sum is added to the others'. */
const BLOCK: i32 = 256;
const NARROW: i32 = 8;

/** y [count, high - kernelHeight + 1, wide - kernelWidth + 1, filters] with a bias by filter (0: none) and max(0, .) of it if `relu`. */
export function convolve(
  y: usize,
  images: usize,
  count: i32,
  height: i32,
  width: i32,
  channels: i32,
  top: i32,
  left: i32,
  high: i32,
  wide: i32,
  filter: usize,
  kernelHeight: i32,
  kernelWidth: i32,
  filters: i32,
  bias: usize,
  relu: bool,
  padded: usize,
  runs: usize,
): void {
  const pixel = (<usize>channels) << 2;
  const place = (<usize>filters) << 2;
  const line = <usize>wide * pixel;
  const outHeight = high - kernelHeight + 1;
  const outWidth = wide - kernelWidth + 1;
  for (let u = 0; u < kernelHeight; u++) addRun(runs + ((<usize>u) << 3), <usize>u * line, kernelWidth * channels);
  const endRuns = runs + ((<usize>kernelHeight) << 3);
  for (let n = 0; n < count; n++, images += <usize>(height * width) * pixel) {
    padImages(padded, images, 1, height, width, channels, top, left, high, wide);
    for (let row = 0, x = padded; row < outHeight; row++, x += line, y += <usize>outWidth * place)
      for (let j = 0; j < filters; j += PANEL) {
        const at = (<usize>j) << 2;
        const offset = bias ? bias + at : 0;
        if (filters - j <= NARROW)
          for (let column = 0; column < outWidth; column += 4) {
            const rows = min(4, outWidth - column);
            const first = x + <usize>column * pixel;
            narrowTile(
              y + <usize>column * place + at,
              place,
              rows,
              first,
              rows > 1 ? first + pixel : first,
              rows > 2 ? first + 2 * pixel : first,
              rows > 3 ? first + 3 * pixel : first,
              runs,
              endRuns,
              4,
              filter + at,
              place,
              filters - j,
              offset,
              relu,
              false,
            );
          }
        else
          for (let column = 0; column < outWidth; column += 2) {
            const isPair = column + 1 < outWidth;
            const first = x + <usize>column * pixel;
            const to = y + <usize>column * place + at;
            wideTile(
              to,
              isPair ? to + place : to,
              first,
              isPair ? first + pixel : first,
              runs,
              endRuns,
              4,
              filter + at,
              place,
              filters - j,
              offset,
              relu,
              false,
            );
          }
      }
  }
}

function addRun(at: usize, begin: usize, count: i32): void {
  store<u32>(at, <u32>begin);
  store<u32>(at, <u32>count, 4);
}

/** Adds to `sums` [kernelHeight, kernelWidth, channels, filters] the gradient by the filter, of the places from `from` to `to` over all padded images. */
export function addFilterGradient(
  sums: usize,
  padded: usize,
  dy: usize,
  high: i32,
  wide: i32,
  channels: i32,
  kernelHeight: i32,
  kernelWidth: i32,
  filters: i32,
  from: i32,
  to: i32,
  runs: usize,
): void {
  const pixel = (<usize>channels) << 2;
  const place = (<usize>filters) << 2;
  const outHeight = high - kernelHeight + 1;
  const outWidth = wide - kernelWidth + 1;
  const depth = kernelHeight * kernelWidth * channels;
  for (; from < to; from += BLOCK) {
    const end = min(to, from + BLOCK);
    let endRuns = runs;
    for (let p = from; p < end; endRuns += 8) {
      const column = p % outWidth;
      const row = p / outWidth;
      const first = ((row / outHeight) * high + (row % outHeight)) * wide + column;
      const some = min(outWidth - column, end - p);
      addRun(endRuns, <usize>first * pixel, some);
      p += some;
    }
    const b = dy + <usize>from * place;
    for (let j = 0; j < filters; j += PANEL) {
      const at = (<usize>j) << 2;
      if (filters - j <= NARROW)
        for (let r = 0; r < depth; r += 4)
          narrowTile(
            sums + <usize>r * place + at,
            place,
            min(4, depth - r),
            padded + seenAt(r, kernelWidth, channels, wide),
            padded + seenAt(min(r + 1, depth - 1), kernelWidth, channels, wide),
            padded + seenAt(min(r + 2, depth - 1), kernelWidth, channels, wide),
            padded + seenAt(min(r + 3, depth - 1), kernelWidth, channels, wide),
            runs,
            endRuns,
            pixel,
            b + at,
            place,
            filters - j,
            0,
            false,
            true,
          );
      else
        for (let r = 0; r < depth; r += 2) {
          const into = sums + <usize>r * place + at;
          const isPair = r + 1 < depth;
          wideTile(
            into,
            isPair ? into + place : into,
            padded + seenAt(r, kernelWidth, channels, wide),
            padded + seenAt(isPair ? r + 1 : r, kernelWidth, channels, wide),
            runs,
            endRuns,
            pixel,
            b + at,
            place,
            filters - j,
            0,
            false,
            true,
          );
        }
    }
  }
}

/** Bytes from the first number that a kernel sees to its number `r`. */
function seenAt(r: i32, kernelWidth: i32, channels: i32, wide: i32): usize {
  const run = kernelWidth * channels;
  return (<usize>((r / run) * wide * channels + (r % run))) << 2;
}

/** The gradient by the images: two images at once, so that no sum waits for the one just written. `padded`: room for two; `panels`: for the packed filter; `masks`: 64 bytes. */
export function inputGradient(
  dx: usize,
  dy: usize,
  count: i32,
  height: i32,
  width: i32,
  channels: i32,
  top: i32,
  left: i32,
  high: i32,
  wide: i32,
  filter: usize,
  kernelHeight: i32,
  kernelWidth: i32,
  filters: i32,
  panels: usize,
  padded: usize,
  masks: usize,
): void {
  const pixel = (<usize>channels) << 2;
  const place = (<usize>filters) << 2;
  const line = <usize>wide * pixel;
  const outHeight = high - kernelHeight + 1;
  const outWidth = wide - kernelWidth + 1;
  const run = kernelWidth * channels;
  const panel = (<usize>(filters * PANEL)) << 2;
  let packed = panels;
  for (let u = 0; u < kernelHeight; u++)
    for (let j = 0; j < run; j += PANEL, packed += panel)
      packColumns(packed, filter + <usize>(u * run + j) * place, 4, place, filters, min(PANEL, run - j));
  writeMasks(masks, run % PANEL);
  const image = <usize>high * line;
  const places = <usize>(outHeight * outWidth) * place;
  for (let n = 0; n < count; n += 2) {
    const isPair = n + 1 < count;
    const second = isPair ? image : 0;
    const other = isPair ? places : 0;
    memory.fill(padded, 0, image + second);
    for (let row = 0, into = padded; row < outHeight; row++, into += <usize>(kernelWidth - 1) * pixel)
      for (let column = 0; column < outWidth; column++, into += pixel, dy += place)
        addPlaces(into, into + second, dy, dy + other, filters, panels, kernelHeight, run, line, masks);
    dy += other;
    const images = isPair ? 2 : 1;
    cutImages(dx, padded, images, height, width, channels, top, left, high, wide);
    dx += <usize>(images * height * width) * pixel;
  }
}
