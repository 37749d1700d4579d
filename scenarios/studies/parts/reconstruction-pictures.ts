import type { Figure } from '../../../coordinator/report/plots.js';

/** One line of pictures, each with its error where it is a guess. */
export interface PictureRow {
  readonly label: string;
  readonly images: readonly ArrayLike<number>[];
  readonly errors?: readonly number[];
}

/** Layout of the pictures, in points: where the first begins, and from one to the next. */
const LEFT = 150;
const TOP = 24;
const SIDE = 70;
const COLUMN = SIDE + 14;
const ROW = SIDE + 26;

function errorText(error: number): string {
  if (error < 1e-12) return 'exact';
  return `error ${error < 1e-3 ? error.toExponential(0) : error.toPrecision(2)}`;
}

/**
 * `classes`: of the examples, over the columns. `width`: pixels in a line of an image. Drawn at explicit places: the headers of
 * facets drift when they are laid out without a browser's measure of text.
 */
export function pictures(rows: readonly PictureRow[], classes: readonly string[], width: number): Figure {
  const side = SIDE / width;
  const pixels = rows.flatMap(({ images }, row) =>
    images.flatMap((image, column) =>
      Array.from(image, (ink, pixel) => {
        const x = LEFT + column * COLUMN + (pixel % width) * side;
        const y = TOP + row * ROW + Math.floor(pixel / width) * side;
        return { x, y, x2: x + side, y2: y + side, ink: Math.round(100 * Math.min(1, Math.max(0, ink))) };
      }),
    ),
  );
  const names = rows.map(({ label }, row) => ({ x: LEFT - 12, y: TOP + row * ROW + SIDE / 2, text: label }));
  const middle = (column: number) => LEFT + column * COLUMN + SIDE / 2;
  const under = rows.flatMap(({ errors }, row) =>
    (errors ?? []).map((error, column) => ({
      x: middle(column),
      y: TOP + row * ROW + SIDE + 9,
      text: errorText(error),
    })),
  );
  const over = classes.map((name, column) => ({ x: middle(column), y: TOP - 12, text: `a “${name}”` }));
  const at = (field: string) => ({ field, type: 'quantitative', scale: null, axis: null });
  const place = { x: at('x'), y: at('y') };
  const texts = (values: readonly object[], align: string, fontSize: number) => ({
    data: { values },
    mark: { type: 'text', align, baseline: 'middle', fontSize },
    encoding: { ...place, text: { field: 'text' } },
  });
  return {
    name: 'reconstructions',
    caption:
      'Reconstructions from the update of one example by an honest-but-curious coordinator. Top: the originals; below, the result under each ' +
      'defence, with its mean squared error per pixel (0 to 1); last, a random guess. Noise 0.1 × norm: the whole noise vector has 0.1 times ' +
      'the norm of the gradient. Batch of 4: the update is the mean over all four.',
    spec: {
      width: LEFT + classes.length * COLUMN,
      height: TOP + rows.length * ROW,
      layer: [
        {
          data: { values: pixels },
          mark: 'rect',
          encoding: {
            ...place,
            x2: { field: 'x2' },
            y2: { field: 'y2' },
            color: {
              field: 'ink',
              type: 'quantitative',
              scale: { range: ['#ffffff', '#000000'], domain: [0, 100] },
              legend: null,
            },
          },
        },
        texts(names, 'right', 12),
        texts(over, 'center', 12),
        texts(under, 'center', 10),
      ],
      config: { view: { stroke: null } },
    },
  };
}
