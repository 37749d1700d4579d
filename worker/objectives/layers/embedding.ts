import { count } from '../../../protocol/settings/kinds.js';
import { required } from '../../../protocol/settings/setting.js';
import { defineSettings } from '../../../protocol/settings/settings.js';
import { initializer } from './parts/initializers.js';
import { defineLayer } from './parts/layer.js';

export default defineLayer({
  name: 'embedding',
  summary: 'a vector for each code of a sequence, by a table; only as the first layer',
  settings: defineSettings({
    width: count(required, 'Length of the vectors'),
    codes: count(null, 'Rows of the table; null: as many as the data has codes'),
    initializer: initializer('normal'),
  }),
  build({ width, codes, initializer: initial }, { inputShape, codeCount, isFirst, takesCodes, parameter, refuse }) {
    const rows = codes ?? codeCount;
    if (!isFirst) refuse('to be the first layer, whose input is the data');
    if (rows < 1) refuse('data of codes');
    takesCodes(rows);
    const table = parameter('table', [rows, width], initial);
    return {
      outputShape: [...inputShape, width],
      forward: (input, { operations, read }) => operations.rows(read(table), input),
    };
  },
});
