/**
 * Images [examples, height, width, channels] and the patches that a convolution's kernel sees, one row a place of the output:
 * [places, kernelHeight, kernelWidth, channels]. `from` and `to` count rows of the output over all examples.
 */

function copy(to: usize, from: usize, count: i32): void {
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

/** `gathers`: patches are copied out of the images, with zeros around them; else patches are added to the images. */
function walk(
  gathers: bool,
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
        const isRow = y >= 0 && y < height && inside > 0;
        if (!isRow) {
          if (gathers) clear(patches, kernelWidth * channels);
          continue;
        }
        const at = image + ((<usize>((y * width + x0 + first) * channels)) << 2);
        const into = patches + ((<usize>(first * channels)) << 2);
        if (gathers) {
          if (first > 0) clear(patches, first * channels);
          copy(into, at, inside);
          if (end < kernelWidth) clear(patches + ((<usize>(end * channels)) << 2), (kernelWidth - end) * channels);
        } else add(at, into, inside);
      }
    }
  }
}

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
  walk(
    true,
    patches,
    images,
    height,
    width,
    channels,
    kernelHeight,
    kernelWidth,
    strideHeight,
    strideWidth,
    top,
    left,
    outHeight,
    outWidth,
    from,
    to,
  );
}

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
  walk(
    false,
    patches,
    images,
    height,
    width,
    channels,
    kernelHeight,
    kernelWidth,
    strideHeight,
    strideWidth,
    top,
    left,
    outHeight,
    outWidth,
    from,
    to,
  );
}
