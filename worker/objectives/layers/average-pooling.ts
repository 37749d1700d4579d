import { count } from '../../../protocol/settings/kinds.js';
import { defineSettings } from '../../../protocol/settings/settings.js';
import { defineLayer } from './parts/layer.js';

export default defineLayer({
  name: 'average-pooling',
  summary: 'means over square windows of images, or over all places of an image or a sequence',
  settings: defineSettings({
    size: count(
      null,
      'Side of the windows, which divides height and width; null: over all places, which leaves [channels]',
    ),
  }),
  build({ size }, { inputShape, refuse }) {
    if (size === null) {
      if (inputShape.length < 2) refuse('places and channels');
      const axes = inputShape.slice(0, -1).map((_, axis) => axis + 1);
      return { outputShape: inputShape.slice(-1), forward: (input, { operations }) => operations.mean(input, axes) };
    }
    const [height = 0, width = 0, channels = 0] = inputShape;
    if (inputShape.length !== 3 || height % size !== 0 || width % size !== 0)
      refuse(`an image [height, width, channels] whose sides are multiples of ${size}`);
    const [rows, columns] = [height / size, width / size];
    return {
      outputShape: [rows, columns, channels],
      forward(input, { operations }) {
        const batch = input.shape[0]!;
        // One axis after the other: no tensor of more than five axes.
        const byRow = operations.mean(operations.reshape(input, [batch, rows, size, width * channels]), [2]);
        return operations.mean(operations.reshape(byRow, [batch, rows, columns, size, channels]), [3]);
      },
    };
  },
});
