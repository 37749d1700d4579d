/** Where a window's derivatives are no other window's: each place gets its derivative or 0. Four channels at `c`. */
function placeOne(
  into: usize,
  derivative: v128,
  best: v128,
  yStart: i32,
  yEnd: i32,
  xStart: i32,
  xEnd: i32,
  line: usize,
  pixel: usize,
): void {
  // 0 + derivative, as a sum gives it: no -0.
  const value = f32x4.add(derivative, f32x4.splat(0));
  for (let y = yStart; y < yEnd; y++) {
    let at = <usize>y * line + <usize>xStart * pixel;
    for (let x = xStart; x < xEnd; x++, at += pixel)
      v128.store(into + at, v128.and(value, i32x4.eq(best, i32x4.splat(<i32>at))));
  }
}

/**
 * Gradient of maximum pooling: each output's derivative is added to the first of the largest inputs of its window. Images
 * [examples, height, width, channels]; `into` holds zeros.
 */
export function addToMaxima(
  into: usize,
  images: usize,
  derivatives: usize,
  examples: i32,
  height: i32,
  width: i32,
  channels: i32,
  windowHeight: i32,
  windowWidth: i32,
  strideHeight: i32,
  strideWidth: i32,
  top: i32,
  left: i32,
  outHeight: i32,
  outWidth: i32,
): void {
  const pixel = (<usize>channels) << 2;
  const line = <usize>width * pixel;
  const isApart = strideHeight >= windowHeight && strideWidth >= windowWidth;
  for (let n = 0; n < examples; n++, images += <usize>height * line, into += <usize>height * line)
    for (let row = 0; row < outHeight; row++) {
      const y0 = row * strideHeight - top;
      const yStart = max(0, y0);
      const yEnd = min(height, y0 + windowHeight);
      for (let column = 0; column < outWidth; column++, derivatives += pixel) {
        const x0 = column * strideWidth - left;
        const xStart = max(0, x0);
        const xEnd = min(width, x0 + windowWidth);
        const start = <usize>yStart * line + <usize>xStart * pixel;
        let c: usize = 0;
        for (; c + 16 <= pixel; c += 16) {
          let best = i32x4.splat(<i32>start);
          let largest = v128.load(images + start + c);
          for (let y = yStart; y < yEnd; y++) {
            let at = <usize>y * line + <usize>xStart * pixel;
            for (let x = xStart; x < xEnd; x++, at += pixel) {
              const value = v128.load(images + at + c);
              const isLarger = f32x4.gt(value, largest);
              largest = v128.bitselect(value, largest, isLarger);
              best = v128.bitselect(i32x4.splat(<i32>at), best, isLarger);
            }
          }
          const from = derivatives + c;
          const to = into + c;
          if (isApart) {
            placeOne(to, v128.load(from), best, yStart, yEnd, xStart, xEnd, line, pixel);
            continue;
          }
          addOne(to + <usize>i32x4.extract_lane(best, 0), load<f32>(from));
          addOne(to + 4 + <usize>i32x4.extract_lane(best, 1), load<f32>(from, 4));
          addOne(to + 8 + <usize>i32x4.extract_lane(best, 2), load<f32>(from, 8));
          addOne(to + 12 + <usize>i32x4.extract_lane(best, 3), load<f32>(from, 12));
        }
        for (; c < pixel; c += 4) {
          let best = start;
          let largest = load<f32>(images + start + c);
          for (let y = yStart; y < yEnd; y++) {
            let at = <usize>y * line + <usize>xStart * pixel;
            for (let x = xStart; x < xEnd; x++, at += pixel) {
              const value = load<f32>(images + at + c);
              if (value > largest) {
                largest = value;
                best = at;
              }
            }
          }
          addOne(into + best + c, load<f32>(derivatives + c));
        }
      }
    }
}

function addOne(to: usize, value: f32): void {
  store<f32>(to, load<f32>(to) + value);
}
