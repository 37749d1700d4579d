import type { LayerSite } from './layer.js';
import type { Padding } from './operations.js';

/** Height and width after windows of a size went over an image, and its channels. Throws ERR_OBJECTIVE. */
export function windowed(
  { inputShape, refuse }: LayerSite,
  size: number,
  stride: number,
  padding: Padding,
): readonly [height: number, width: number, channels: number] {
  const [height, width, channels] = inputShape;
  if (inputShape.length !== 3) refuse('an image [height, width, channels]');
  const along = (side: number) =>
    padding === 'same' ? Math.ceil(side / stride) : Math.floor((side - size) / stride) + 1;
  if (padding === 'valid' && Math.min(height!, width!) < size) refuse(`an image of side ${size} or more`);
  return [along(height!), along(width!), channels!];
}
