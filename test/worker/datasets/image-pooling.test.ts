import { expect } from 'chai';
import { rootStream } from '../../../protocol/numerics/random.js';
import { poolImages } from '../../../worker/datasets/image-pooling.js';
import { usePixelSimd } from '../../../worker/datasets/simd/pixel-pieces.js';

const [HEIGHT, WIDTH, COUNT] = [8, 12, 30];
const FACTOR = 1 / 255;

describe('worker/datasets/image-pooling', () => {
  const stream = rootStream(4, 'float64');
  const bytes = Uint8Array.from({ length: COUNT * HEIGHT * WIDTH }, () => Math.floor(256 * stream.uniform()));
  const chosen = Uint32Array.from({ length: COUNT }, (_, i) => COUNT - 1 - i);

  it('half the size has the bits of shares of rows, then of columns, of one half each', () => {
    const [rows, columns] = [HEIGHT / 2, WIDTH / 2];
    const pooled = poolImages(bytes, HEIGHT, WIDTH, [rows, columns], chosen, FACTOR);
    expect(pooled).to.have.length(COUNT * rows * columns);
    const at = (image: number, y: number, x: number) => bytes[(image * HEIGHT + y) * WIDTH + x]!;
    for (const [i, image] of chosen.entries())
      for (let y = 0; y < rows; y++)
        for (let x = 0; x < columns; x++) {
          const line = [0, 1].map(
            (side) => 0.5 * at(image, 2 * y, 2 * x + side) + 0.5 * at(image, 2 * y + 1, 2 * x + side),
          );
          const mean = (0.5 * line[0]! + 0.5 * line[1]!) * FACTOR;
          expect(pooled[(i * rows + y) * columns + x]).to.equal(Math.fround(mean));
        }
  });

  for (const isSimd of [true, false])
    it(`${isSimd ? 'SIMD' : 'the plain loop'} gives each byte times the factor in 64 bits, rounded once, of images in any order`, () => {
      usePixelSimd(isSimd);
      try {
        // Runs of images beyond a piece of the module, and pixels that are no multiple of what it takes at once.
        const [height, width, count] = [11, 23, 80];
        const pixels = height * width;
        const all = Uint8Array.from({ length: count * pixels }, (_, i) => i % 256);
        const orders = [Array.from({ length: count }, (_, i) => i), [79, 3, 4, 5, 5, 0, 78, 79], []];
        for (const factor of [FACTOR, 1, 0.1, 1 / 3e38])
          for (const order of orders) {
            const scaled = poolImages(all, height, width, [height, width], Uint32Array.from(order), factor);
            const expected = order.flatMap((image) =>
              Array.from(all.subarray(image * pixels, (image + 1) * pixels), (byte) => Math.fround(byte * factor)),
            );
            expect([...scaled], `${factor}, ${order.length} images`).to.deep.equal(expected);
          }
      } finally {
        usePixelSimd(true);
      }
    });

  it('every size keeps the mean of an image', () => {
    for (const size of [
      [4, 6],
      [4, 12],
      [5, 7],
      [8, 12],
      [2, 3],
    ] as const) {
      const pooled = poolImages(bytes, HEIGHT, WIDTH, size, chosen.subarray(0, 1), 1);
      const pixels = bytes.subarray((COUNT - 1) * HEIGHT * WIDTH);
      const mean = (values: ArrayLike<number>) => Array.from(values).reduce((sum, x) => sum + x, 0) / values.length;
      expect(mean(pooled), size.join(' x ')).to.be.closeTo(mean(pixels), 1e-4);
    }
  });
});
