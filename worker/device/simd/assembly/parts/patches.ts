/**
 * Images [examples, height, width, channels] and the patches that a convolution's kernel sees, one row a place of the output:
 * [places, kernelHeight, kernelWidth, channels]. `from` and `to` count rows of the output over all examples.
 */

export function copy(to: usize, from: usize, count: i32): void {
  if (count < 4) {
    for (; count > 0; count--, to += 4, from += 4) store<f32>(to, load<f32>(from));
    return;
  }
  // The last four may overlap those before them.
  const last = (<usize>(count - 4)) << 2;
  for (let at: usize = 0; at < last; at += 16) v128.store(to + at, v128.load(from + at));
  v128.store(to + last, v128.load(from + last));
}

function clear(to: usize, count: i32): void {
  const zero = f32x4.splat(0);
  for (; count >= 4; count -= 4, to += 16) v128.store(to, zero);
  for (; count > 0; count--, to += 4) store<f32>(to, 0);
}

function add(to: usize, from: usize, count: i32): void {
  for (; count >= 4; count -= 4, to += 16, from += 16) v128.store(to, f32x4.add(v128.load(to), v128.load(from)));
  for (; count > 0; count--, to += 4, from += 4) store<f32>(to, load<f32>(to) + load<f32>(from));
}

/** `times` copies of `count` numbers, `toStep` and `fromStep` bytes apart. */
function copyAll(to: usize, toStep: usize, from: usize, fromStep: usize, count: i32, times: i32): void {
  const last = (<usize>(count - 4)) << 2;
  if (count >= 4 && count <= 8) {
    for (; times > 0; times--, to += toStep, from += fromStep) {
      v128.store(to, v128.load(from));
      v128.store(to + last, v128.load(from + last));
    }
    return;
  }
  if (count > 8 && count <= 16) {
    for (; times > 0; times--, to += toStep, from += fromStep) {
      v128.store(to, v128.load(from));
      v128.store(to, v128.load(from, 16), 16);
      v128.store(to + last - 16, v128.load(from + last - 16));
      v128.store(to + last, v128.load(from + last));
    }
    return;
  }
  for (; times > 0; times--, to += toStep, from += fromStep) copy(to, from, count);
}

/** Copies patches out of the images, with zeros around them. */
export function gatherPatches(
  patches: usize,
  images: usize,
  height: i32,
  width: i32,
  channels: i32,
  kernelHeight: i32,
  kernelWidth: i32,
  strideHeight: i32,
  strideWidth: i32,
  top: i32,
  left: i32,
  outHeight: i32,
  outWidth: i32,
  from: i32,
  to: i32,
): void {
  const pixel = (<usize>channels) << 2;
  const run = <usize>kernelWidth * pixel;
  const patch = <usize>kernelHeight * run;
  // Places whose patches lie inside the image from left to right.
  const firstWhole = min(outWidth, (left + strideWidth - 1) / strideWidth);
  const room = width - kernelWidth + left;
  const endWhole = room < 0 ? firstWhole : max(firstWhole, min(outWidth, room / strideWidth + 1));
  for (let row = from; row < to; row++, patches += <usize>outWidth * patch) {
    const image = images + <usize>(row / outHeight) * <usize>height * <usize>width * pixel;
    const y0 = (row % outHeight) * strideHeight - top;
    for (let u = 0, line = patches; u < kernelHeight; u++, line += run) {
      const y = y0 + u;
      const isRow = y >= 0 && y < height;
      const pixels = image + <usize>(max(0, y) * width) * pixel;
      for (let column = 0; column < outWidth; column++) {
        if (isRow && column === firstWhole && endWhole > firstWhole) {
          const x = <usize>(column * strideWidth - left);
          copyAll(
            line + <usize>column * patch,
            patch,
            pixels + x * pixel,
            <usize>strideWidth * pixel,
            kernelWidth * channels,
            endWhole - firstWhole,
          );
          column = endWhole - 1;
          continue;
        }
        const to = line + <usize>column * patch;
        const x0 = column * strideWidth - left;
        const first = max(0, -x0);
        const end = min(kernelWidth, width - x0);
        if (!isRow || end <= first) {
          clear(to, kernelWidth * channels);
          continue;
        }
        clear(to, first * channels);
        copy(to + <usize>first * pixel, pixels + <usize>(x0 + first) * pixel, (end - first) * channels);
        clear(to + <usize>end * pixel, (kernelWidth - end) * channels);
      }
    }
  }
}

/** Adds patches to the images. */
export function addPatches(
  patches: usize,
  images: usize,
  height: i32,
  width: i32,
  channels: i32,
  kernelHeight: i32,
  kernelWidth: i32,
  strideHeight: i32,
  strideWidth: i32,
  top: i32,
  left: i32,
  outHeight: i32,
  outWidth: i32,
  from: i32,
  to: i32,
): void {
  const run = <usize>(4 * kernelWidth * channels);
  for (let row = from; row < to; row++) {
    const image = images + ((<usize>(row / outHeight) * <usize>height * <usize>width * <usize>channels) << 2);
    const y0 = (row % outHeight) * strideHeight - top;
    for (let column = 0; column < outWidth; column++) {
      const x0 = column * strideWidth - left;
      const first = max(0, -x0);
      const end = min(kernelWidth, width - x0);
      const inside = max(0, end - first) * channels;
      for (let u = 0; u < kernelHeight; u++, patches += run) {
        const y = y0 + u;
        if (y < 0 || y >= height || inside === 0) continue;
        const into = image + ((<usize>((y * width + x0 + first) * channels)) << 2);
        add(into, patches + ((<usize>(first * channels)) << 2), inside);
      }
    }
  }
}
