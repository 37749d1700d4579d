import type { Rng } from '../../protocol/method.js';
import { fillNormal } from '../../protocol/numerics/distributions.js';
import { count, integer, number } from '../../protocol/settings/kinds.js';
import { defineSettings } from '../../protocol/settings/settings.js';
import { type Dataset, type Examples, NO_TARGETS } from './dataset.js';
import { defineDataset } from './loader.js';

/** Side of the square images, and of the square cells in which objects are to be detected, in pixels. */
export const SCENE_SIDE = 16;
export const CELL_SIDE = 4;
const PIXELS = SCENE_SIDE * SCENE_SIDE;
const CELLS_A_SIDE = SCENE_SIDE / CELL_SIDE;
const CELLS = CELLS_A_SIDE * CELLS_A_SIDE;

/** Classes of a pixel and of a cell: nothing, a bright object, a dark one. */
export const SCENE_CLASSES = 3;
/** Class of a pixel whose truth is withheld: it counts in no loss. */
export const IGNORED = 255;

interface Settings {
  readonly mostObjects: number;
  readonly contrast: number;
  readonly noiseStddev: number;
  readonly ignoredPixelShare: number;
}

/** Draws one scene's objects: 3 x 3 squares in different cells, wholly inside the image; a later one covers an earlier one. */
function drawObjects(
  rng: Rng,
  count: number,
  image: Float32Array,
  pixels: Uint8Array,
  cells: Uint8Array,
  contrast: number,
) {
  const order = rng.permutation(CELLS);
  for (let k = 0; k < count; k++) {
    const cell = order[k]!;
    const kind = 1 + rng.below(2);
    const place = (index: number) => {
      const within = index * CELL_SIDE + rng.below(CELL_SIDE);
      return Math.min(SCENE_SIDE - 2, Math.max(1, within));
    };
    const [row, column] = [place(Math.floor(cell / CELLS_A_SIDE)), place(cell % CELLS_A_SIDE)];
    cells[cell] = kind;
    for (let r = row - 1; r <= row + 1; r++)
      for (let c = column - 1; c <= column + 1; c++) {
        pixels[r * SCENE_SIDE + c] = kind;
        image[r * SCENE_SIDE + c] = kind === 1 ? contrast : -contrast;
      }
  }
}

/** Withholds the truth of the same number of pixels in every scene. */
function ignorePixels(rng: Rng, pixels: Uint8Array, share: number): void {
  const order = rng.permutation(PIXELS);
  for (let k = 0; k < Math.round(share * PIXELS); k++) pixels[order[k]!] = IGNORED;
}

function drawScenes(rng: Rng, count: number, settings: Settings, ignoredPixelShare: number): Examples {
  const features = new Float32Array(count * PIXELS);
  const segmentation = new Uint8Array(count * PIXELS);
  const detection = new Uint8Array(count * CELLS);
  const labels = new Int32Array(count);
  const noise = new Float64Array(features.length);
  fillNormal(rng.derive('noise'), noise, 0, settings.noiseStddev);
  const [objects, ignored] = [rng.derive('objects'), rng.derive('ignored')];
  for (let i = 0; i < count; i++) {
    const image = features.subarray(i * PIXELS, (i + 1) * PIXELS);
    const pixels = segmentation.subarray(i * PIXELS, (i + 1) * PIXELS);
    const cells = detection.subarray(i * CELLS, (i + 1) * CELLS);
    const objectCount = 1 + (i % settings.mostObjects);
    labels[i] = objectCount - 1;
    drawObjects(objects, objectCount, image, pixels, cells, settings.contrast);
    for (let p = 0; p < PIXELS; p++) image[p] = image[p]! + noise[i * PIXELS + p]!;
    if (ignoredPixelShare > 0) ignorePixels(ignored, pixels, ignoredPixelShare);
  }
  return { count, features, labels, targets: NO_TARGETS, maps: { segmentation, detection } };
}

/**
 * Grey images of 16 x 16 pixels with 1 to `mostObjects` bright or dark squares of 3 x 3 on Gaussian noise, and their truth: the
 * class of every pixel, and of every 4 x 4 cell by whether an object's centre was drawn for it. An example's label is its
 * number of objects less one. `ignoredPixelShare`: training pixels whose truth is withheld.
 */
const syntheticScenes = defineDataset({
  name: 'synthetic-scenes',
  summary: 'Drawn: images of squares, for dense prediction',
  settings: defineSettings({
    examples: count(4_000, 'Training examples'),
    testExamples: count(400, 'Test examples'),
    mostObjects: integer(4, 'Squares of a scene at most', { least: 2, most: CELLS }),
    contrast: number(2, 'Brightness of a square', { least: 0, most: 1e6 }),
    noiseStddev: number(0.8, 'Standard deviation of the noise of a pixel', { least: 0, most: 1e6 }),
    ignoredPixelShare: number(0, 'Share of the training pixels without a label', { least: 0, most: 0.99 }),
  }),
  load: (settings, rng): Dataset => {
    const { examples, testExamples, mostObjects, contrast, noiseStddev, ignoredPixelShare } = settings;
    return {
      name: 'synthetic-scenes',
      source: `drawn: scenes of 1 to ${mostObjects} squares of contrast ${contrast}, noise standard deviation ${noiseStddev}`,
      featureShape: [SCENE_SIDE, SCENE_SIDE, 1],
      classCount: mostObjects,
      train: drawScenes(rng.derive('train'), examples, settings, ignoredPixelShare),
      test: drawScenes(rng.derive('test'), testExamples, settings, 0),
    };
  },
});

export default syntheticScenes;
