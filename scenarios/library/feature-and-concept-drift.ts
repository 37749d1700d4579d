import { conceptDrift } from '../../protocol/faults/concept-drift.js';
import { featureSkew } from '../../protocol/faults/feature-skew.js';
import { where } from '../../protocol/scenario/expectation.js';
import { above } from '../../protocol/scenario/expectations/above.js';
import { below } from '../../protocol/scenario/expectations/below.js';
import { between } from '../../protocol/scenario/expectations/between.js';
import { everyFaultHappened } from '../../protocol/scenario/expectations/every-fault-happened.js';
import { ratio } from '../../protocol/scenario/expectations/ratio.js';
import { sweep } from '../../protocol/scenario/input.js';

const LOCAL = { localEpochs: 2, batchSize: 20, clientLearningRate: 0.1 };
const HALF = [0, 1, 2, 3, 4];
const BEGIN = 20;

/** Of the clients' accuracies, each on its own held-out examples as they are in the round. */
const FINAL = 'finalClientAccuracyMean';
const ALARMS = 'totalFeatureShiftAlarms';

const drifting = (rule: Parameters<typeof conceptDrift>[0]) => [{ ...conceptDrift(rule), from: BEGIN }];
const of = (method: string, fault: object) => ({ 'method.name': method, ...fault });

const HALVED = { 'faults.0.fault': 'concept-drift', 'faults.0.clients': HALF };
const GRADUAL = { 'faults.0.fault': 'concept-drift', 'faults.0.over': 20 };
const RECURRING = { 'faults.0.fault': 'concept-drift', 'faults.0.period': 20 };
const FEATURES = { 'faults.0.fault': 'feature-skew' };

export default sweep('feature-and-concept-drift', {
  description:
    'Handwritten digits whose meaning, or whose pixels, change from round 20 on. Classes renamed for half of the clients: one model is wrong for half, a model of ' +
    "one's own (Ditto) is not. Renamed for all over twenty rounds: FedAvg follows and forgets the old names; coming and going, it never settles. Rotated features of half: " +
    'FedAvg learns both, and the probe feature-shift raises one alarm for each of these clients and for no other.',
  base: {
    method: { name: 'fedavg', ...LOCAL },
    objective: { name: 'softmax-regression' },
    data: { name: 'mnist', size: 14, trainCount: 2_000, testCount: 1_000, partition: 'iid' },
    clients: 10,
    rounds: 60,
    evaluation: { everyRounds: 1, perClient: { heldOut: 0.3 } },
    measure: [{ name: 'feature-shift', kind: 'update' }],
    checkpoints: { everyRounds: null },
  },
  over: {
    method: [
      { name: 'fedavg', ...LOCAL },
      { name: 'ditto', lambda: 0.1, personalEpochs: 2, ...LOCAL },
    ],
    faults: [
      [],
      drifting({ clients: HALF }),
      drifting({ over: 20 }),
      drifting({ period: 20 }),
      [{ ...featureSkew({ clients: HALF, rotation: 0.25 }), from: BEGIN }],
    ],
  },
  expect: [
    everyFaultHappened(),
    where({ faults: [] }, above({ of: FINAL, value: 0.8 })),
    where({ faults: [] }, below({ of: ALARMS, value: 1 })),
    where(of('fedavg', HALVED), below({ of: FINAL, value: 0.5 })),
    ratio({ of: FINAL, numerator: of('ditto', HALVED), denominator: of('fedavg', HALVED), least: 1.5 }),
    where(GRADUAL, above({ of: FINAL, value: 0.77 })),
    // The test examples keep the old names.
    where(GRADUAL, below({ of: 'finalAccuracy', value: 0.1 })),
    where(RECURRING, below({ of: 'lateClientAccuracyMean', value: 0.6 })),
    where(of('fedavg', FEATURES), above({ of: FINAL, value: 0.75 })),
    where(FEATURES, between({ of: ALARMS, least: HALF.length, most: HALF.length })),
  ],
  expectedSeconds: 30,
});
