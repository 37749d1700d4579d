import { actsIn, selectsClient } from '../links/frame-filter.js';
import { clients } from '../scenario/selectors.js';
import { oneOf } from '../settings/kinds.js';
import { defineSettings, type Given, type SettingsOf } from '../settings/settings.js';
import { defineFault, type Fault, faultOf } from './fault.js';
import { checkCourse, course, stageIn } from './parts/course.js';

const settings = defineSettings({
  clients: clients('all'),
  to: oneOf(
    ['next', 'reverse', 'permutation'],
    'next',
    "Class y of K becomes y + 1, the last one 0 ('next'), K - 1 - y ('reverse'), or what a permutation drawn for each client makes of it",
  ),
  ...course,
}).and(checkCourse);
type Settings = SettingsOf<typeof settings>;

/** From a round on classes mean something else for these clients: `at(30, ...)`, `during(30, 60, conceptDrift({ clients: [0, 1] }))`. */
export function conceptDrift(given: Given<Settings, never> = {}): Fault {
  return faultOf({ ...given, fault: 'concept-drift' });
}

/**
 * The features stay, what they mean changes. In a stage s of S a share s / S of each client's examples has its new label; an example that has
 * changed stays changed while the share grows. Data of classes only. The change is the truth: clients are evaluated on changed examples
 * (`evaluation.perClient`); the common test examples keep the old concept.
 */
export default defineFault({
  name: 'concept-drift',
  summary: 'Classes change their meaning for clients: at once, over rounds, or again and again',
  settings,
  create(rule) {
    const selects = selectsClient(rule.clients);
    return {
      changesData: {
        isTruth: true,
        concerns: (client, round) => actsIn(rule, round) && selects(client) && stageIn(rule, round) > 0,
        stage: (round) => stageIn(rule, round),
        labels(classCount, own, stage) {
          const meaning = meaningOf(
            rule.to,
            classCount,
            rule.to === 'permutation' ? own.permutation(classCount) : null,
          );
          const share = stage / rule.stages;
          return (label) => (own.uniform() < share ? meaning(label) : label);
        },
      },
    };
  },
});

function meaningOf(to: Settings['to'], classCount: number, permutation: Uint32Array | null): (label: number) => number {
  if (permutation) return (label) => permutation[label]!;
  return to === 'next' ? (label) => (label + 1) % classCount : (label) => classCount - 1 - label;
}
