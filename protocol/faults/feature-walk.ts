import { actsIn, selectsClient } from '../links/frame-filter.js';
import { fillNormal } from '../numerics/distributions.js';
import { clients } from '../scenario/selectors.js';
import { atLeastZero, count } from '../settings/kinds.js';
import { required } from '../settings/setting.js';
import { defineSettings, type Given, type SettingsOf } from '../settings/settings.js';
import { defineFault, type Fault, faultOf } from './fault.js';

const settings = defineSettings({
  clients: clients('all'),
  stddev: atLeastZero(required, 'Standard deviation of what is added to the mean of each feature in a round'),
  everyRounds: count(
    1,
    'Rounds for each of which the mean stays, then moves by as many rounds at once; each costs a copy of the data',
  ),
});
type Settings = SettingsOf<typeof settings>;

/** The mean of these clients' features wanders: `featureWalk({ stddev: 0.05, everyRounds: 5 })`. */
export function featureWalk(given: Given<Settings, 'stddev'>): Fault {
  return faultOf({ ...given, fault: 'feature-walk' });
}

/**
 * Concept drift without a direction: m_0 ~ N(0, s^2 I), m_k = m_{k-1} + N(0, s^2 I), with s^2 = everyRounds stddev^2, is added to every example of a client,
 * which has a walk of its own. The change is the truth: clients are evaluated on changed examples (`evaluation.perClient`); the common test
 * examples stay as they are.
 */
export default defineFault({
  name: 'feature-walk',
  summary: "The mean of clients' features makes a random walk over rounds, each client's its own",
  settings,
  create(rule) {
    const { from, stddev, everyRounds } = rule;
    const selects = selectsClient(rule.clients);
    return {
      changesData: {
        isTruth: true,
        concerns: (client, round) => actsIn(rule, round) && selects(client),
        stage: (round) => 1 + Math.floor((round - from) / everyRounds),
        features(length, own, stage) {
          const mean = new Float64Array(length);
          const step = new Float64Array(length);
          // The stream is at its start in every stage: the same steps again, and one more.
          for (let k = 0; k < stage; k++) {
            fillNormal(own, step, 0, stddev * Math.sqrt(everyRounds));
            for (let j = 0; j < length; j++) mean[j] = mean[j]! + step[j]!;
          }
          return (example) => {
            for (let j = 0; j < length; j++) example[j] = example[j]! + mean[j]!;
          };
        },
      },
    };
  },
});
