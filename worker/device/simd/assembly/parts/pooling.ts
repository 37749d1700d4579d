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

/** `placeOne` for the maxima of a window of 2 x 2, whose first number is at `from`. Four channels. */
function placeInSquare(into: usize, from: usize, derivative: v128, line: usize, pixel: usize): void {
  const first = v128.load(from);
  const right = v128.load(from + pixel);
  const below = v128.load(from + line);
  const last = v128.load(from + line + pixel);
  const isRight = f32x4.gt(right, first);
  let largest = v128.bitselect(right, first, isRight);
  const isBelow = f32x4.gt(below, largest);
  largest = v128.bitselect(below, largest, isBelow);
  const isLast = f32x4.gt(last, largest);
  const value = f32x4.add(derivative, f32x4.splat(0));
  const above = v128.andnot(value, v128.or(isBelow, isLast));
  v128.store(into, v128.andnot(above, isRight));
  v128.store(into + pixel, v128.and(above, isRight));
  v128.store(into + line, v128.andnot(v128.and(value, isBelow), isLast));
  v128.store(into + line + pixel, v128.and(value, isLast));
}

/**
 * Gradient of maximum pooling: each output's derivative is added to the first of the largest inputs of its window. Images
 * [examples, height, width, channels]; `into` holds zeros, or anything where windows of at least 4 channels lie side by side and reach every place.
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
  const isSquare = windowHeight === 2 && windowWidth === 2 && strideHeight === 2 && strideWidth === 2 && channels >= 4;
  const isApart = strideHeight >= windowHeight && strideWidth >= windowWidth;
  // Where a place is written once, the last four channels may overlap those before them.
  const vectors = isApart && channels >= 4 ? pixel : pixel & ~15;
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
        if (isSquare && yEnd - yStart === 2 && xEnd - xStart === 2) {
          for (; c < pixel; c += 16) {
            // The last four may overlap those before them.
            const at = min(c, pixel - 16);
            placeInSquare(into + start + at, images + start + at, v128.load(derivatives + at), line, pixel);
          }
          continue;
        }
        for (; c < vectors; c += 16) {
          c = min(c, pixel - 16);
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
