import { copy } from './patches';

/** Between images [count, height, width, channels] and the same in the middle of zeros: [count, high, wide, channels], `top` lines down and `left` pixels in. */

/** Copies the lines of images that lie `fromStep` bytes apart, and their lines `fromLine`. */
function copyLines(
  to: usize,
  toStep: usize,
  toLine: usize,
  from: usize,
  fromStep: usize,
  fromLine: usize,
  count: i32,
  height: i32,
  numbers: i32,
): void {
  for (; count > 0; count--, to += toStep, from += fromStep)
    for (let y = 0, into = to, at = from; y < height; y++, into += toLine, at += fromLine) copy(into, at, numbers);
}

export function padImages(
  padded: usize,
  images: usize,
  count: i32,
  height: i32,
  width: i32,
  channels: i32,
  top: i32,
  left: i32,
  high: i32,
  wide: i32,
): void {
  const pixel = (<usize>channels) << 2;
  const line = <usize>wide * pixel;
  const inner = <usize>width * pixel;
  memory.fill(padded, 0, <usize>(count * high) * line);
  const first = padded + <usize>top * line + <usize>left * pixel;
  copyLines(first, <usize>high * line, line, images, <usize>height * inner, inner, count, height, width * channels);
}

export function cutImages(
  images: usize,
  padded: usize,
  count: i32,
  height: i32,
  width: i32,
  channels: i32,
  top: i32,
  left: i32,
  high: i32,
  wide: i32,
): void {
  const pixel = (<usize>channels) << 2;
  const line = <usize>wide * pixel;
  const inner = <usize>width * pixel;
  const first = padded + <usize>top * line + <usize>left * pixel;
  copyLines(images, <usize>height * inner, inner, first, <usize>high * line, line, count, height, width * channels);
}
