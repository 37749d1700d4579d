import { actsIn, selectsClient } from '../links/frame-filter.js';
import { fillNormal } from '../numerics/distributions.js';
import { cosineOfTurns, sineOfTurns } from '../numerics/elementary.js';
import { clients } from '../scenario/selectors.js';
import { atLeastZero, number, oneOf, positive } from '../settings/kinds.js';
import { defineSettings, type Given, type SettingsOf } from '../settings/settings.js';
import { defineFault, type Fault, faultOf } from './fault.js';
import { checkCourse, course, stageIn } from './parts/course.js';

const settings = defineSettings({
  clients: clients('all'),
  scale: positive(1, 'Factor on all features'),
  rotation: number(0, 'Turns by which feature j and feature j + p / 2 of p are rotated in their plane', {
    least: -1,
    most: 1,
  }),
  offset: atLeastZero(0, 'Standard deviation of what is added to each feature, drawn once for each client and feature'),
  noise: atLeastZero(0, 'Standard deviation of what is added to each number, drawn once for each example and feature'),
  strengths: oneOf(
    ['equal', 'uniform'],
    'equal',
    "'equal': every client has the whole change; 'uniform': each draws the share of it that it has from U(0, 1)",
  ),
  ...course,
})
  .and(checkCourse)
  .and(({ scale, rotation, offset, noise }) =>
    scale === 1 && rotation === 0 && offset === 0 && noise === 0
      ? { at: 'scale', expected: 'a scale, rotation, offset or noise that changes features' }
      : null,
  );
type Settings = SettingsOf<typeof settings>;

/** The features of these clients are distorted: `featureSkew({ rotation: 0.25, strengths: 'uniform', over: 50 })`. */
export function featureSkew(given: Given<Settings, never>): Fault {
  return faultOf({ ...given, fault: 'feature-skew' });
}

/**
 * As by instruments that are not calibrated alike, or that wear. At a strength a, the client's own times the stage's share, an example x becomes
 * (1 + a (scale - 1)) R(a rotation) x + a (offset + noise), R the rotation. What is drawn is the same in every stage. The change is the truth:
 * clients are evaluated on changed examples (`evaluation.perClient`); the common test examples stay as they are.
 */
export default defineFault({
  name: 'feature-skew',
  summary:
    "Clients' features are scaled, rotated, shifted or noisy, each client's in its own measure, also growing over rounds",
  settings,
  create(rule) {
    const selects = selectsClient(rule.clients);
    return {
      changesData: {
        isTruth: true,
        concerns: (client, round) => actsIn(rule, round) && selects(client) && stageIn(rule, round) > 0,
        stage: (round) => stageIn(rule, round),
        features(length, own, stage) {
          const strength = (stage / rule.stages) * (rule.strengths === 'equal' ? 1 : own.uniform());
          const factor = 1 + strength * (rule.scale - 1);
          const turns = (1 + ((strength * rule.rotation) % 1)) % 1;
          const [cosine, sine] = [cosineOfTurns(turns), sineOfTurns(turns)];
          const half = Math.floor(length / 2);
          const offset = new Float64Array(length);
          if (rule.offset > 0) fillNormal(own, offset, 0, strength * rule.offset);
          const noise = new Float64Array(length);
          return (example) => {
            for (let j = 0; turns !== 0 && j < half; j++) {
              const [x, y] = [example[j]!, example[j + half]!];
              example[j] = cosine * x - sine * y;
              example[j + half] = sine * x + cosine * y;
            }
            if (rule.noise > 0) fillNormal(own, noise, 0, strength * rule.noise);
            for (let j = 0; j < length; j++) example[j] = factor * example[j]! + offset[j]! + noise[j]!;
          };
        },
      },
    };
  },
});
