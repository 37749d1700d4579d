import { defineSettings } from '../../protocol/settings/settings.js';
import { type Dataset, type Examples, NO_LABELS, NO_TARGETS } from './dataset.js';
import { defineDataset } from './loader.js';

const nothing: Examples = { count: 0, features: new Float32Array(0), labels: NO_LABELS, targets: NO_TARGETS };

/** For objectives that are formulas of the parameters alone, such as a quadratic. */
const noData = defineDataset({
  name: 'none',
  summary: 'No data: the objective is a formula',
  settings: defineSettings({}),
  load: (): Dataset => ({
    name: 'none',
    source: 'no data: the objective is a formula',
    featureShape: [0],
    classCount: 0,
    train: nothing,
    test: nothing,
  }),
});

export default noData;
