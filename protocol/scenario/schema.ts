import { count, either, flag, integer, list, oneOf, positive, record, string, text } from '../settings/kinds.js';
import type { Json, JsonObject } from '../settings/plain-data.js';
import { required, settingOf } from '../settings/setting.js';
import { defineSettings, group } from '../settings/settings.js';
import { energy } from './energy.js';
import { anObject, looked, plain, ref, scenarioName, sha256, spec, sweepName } from './schema-kinds.js';
import {
  checkpoints,
  claim,
  device,
  evaluation,
  keepBestSettings,
  link,
  participation,
  privacy,
  stopRuleSettings,
  workers,
} from './schema-parts.js';
import { pointConflict } from './sweep-points.js';

/** A scenario and a sweep with their defaults. What depends on names (method, data, codecs, …) is completed in `resolve.ts`. */

const description = string('', 'For the report');
const claims = list(group(claim, required, 'A claim'), [], 'Statements of a paper and what judges them');
const changed = list(
  text(required, 'A path'),
  null,
  'Paths whose values were changed from those that `expect` and `claims` were written for, which then do not apply',
);
const plots = list(anObject('A plot'), null, "Plots beyond the usual ones, in the report's own words");
const expectedSeconds = positive(null, 'About how long it takes on two cores, for `gradswarm list`');

export const scenarioSettings = defineSettings({
  name: scenarioName,
  description,
  use: list(
    group(
      defineSettings({
        module: text(required, 'Path of its file, or name of a package'),
        sha256: settingOf<string, typeof required>(sha256, required, 'Of its file and what it imports by path'),
      }),
      required,
      'A module',
    ),
    null,
    "Modules of one's own; null: none",
  ),
  method: spec('a method', 'The algorithm'),
  objective: spec('an objective', "The model and its loss: 'softmax-regression' where it is left out", null),
  data: spec('a data set', "The data set, with its `partition` over clients ('iid' where it is left out)"),
  clients: count(10, 'Number of clients'),
  rounds: count(100, 'Number of rounds'),
  seed: integer(1, 'Of everything that is drawn', { least: 0 }),
  precision: oneOf(['float32', 'float64'], 'float32', 'Of vectors'),
  initial: group(
    defineSettings({
      file: text(required, 'Its path'),
      sha256: settingOf<string, typeof required>(sha256, required, 'Of the file'),
    }),
    null,
    "Saved parameters to begin with, .npz or .safetensors, each tensor by its name; null: the model's own",
  ),
  participation: group(participation, {}, 'Who takes part in a round'),
  topology: spec('a topology', 'The graph of peers; null: none', null),
  codecs: record<Json, JsonObject>(
    spec('a codec', 'A codec'),
    {},
    "By kind of messages; '*': the kinds in which the method itself keeps what compression leaves out",
  ),
  aggregators: record<Json, JsonObject>(
    looked(required, 'an aggregator or a list of them', 'Aggregators', {
      anyOf: [ref('aggregator'), { type: 'array', items: ref('aggregator'), minItems: 1 }],
    }),
    {},
    'Robust sums, by kind of messages',
  ),
  clock: oneOf(['virtual', 'wall'], 'virtual', "'virtual': simulated time; 'wall': real time"),
  devices: list(group(device, required, 'A device'), [], "Compute speed; a client's last matching entry counts"),
  links: list(group(link, required, 'A link'), [], "Links; a frame's last matching entry counts"),
  energy: list(
    group(energy, required, 'What a device uses'),
    null,
    "What devices use in watts and joules; a client's last matching entry counts; null: it is not measured",
  ),
  faults: list(
    looked(required, "an object with the fault's name under 'fault'", 'A fault', ref('fault')),
    [],
    'What fails; the first verdict applies',
  ),
  evaluation: group(evaluation, {}, 'When the estimates are evaluated'),
  stopWhen: list(
    group(stopRuleSettings, required, 'A rule'),
    null,
    'The run stops at the first rule that applies; null: after its last round',
    1,
  ),
  keepBest: group(keepBestSettings, null, 'The model of the round that is best by a series is kept; null: none'),
  saveModel: list(
    oneOf(['npz', 'safetensors'], required, 'A format'),
    null,
    'Formats of the files of the final model (`model.…`) and of the best (`best.…`, at least .npz); null: none',
    1,
  ),
  checkpoints: group(checkpoints, {}, 'When the state of the run is saved'),
  workers: group(workers, {}, 'Processes that hold the clients'),
  privacy: group(privacy, {}, 'How releases are noised and counted'),
  measure: list(spec('a probe', 'A probe'), [], "Probes of the coordinator's inbox"),
  timingOnly: flag(
    null,
    'Time and bytes are simulated, and no gradient is computed: every gradient is 0, nothing is evaluated; null: gradients are computed',
  ),
  stress: group(
    defineSettings({
      gradientScales: record(positive(required, 'A factor'), {}, "Factors on named tensors of every client's gradient"),
    }),
    {},
    'Changes to what clients compute, which the evaluation does not see',
  ),
  study: spec('a study', 'What is measured beside the run; null: nothing', null),
  device: text(
    null,
    "Compute device; 'auto': the fastest that is right, measured; null: wasm, or an installed one that is 1.5 times as fast",
    "the name of a device or 'auto'",
  ),
  expect: list(spec('an expectation', 'An expectation'), [], 'What the run is expected to show'),
  claims,
  changed,
  reportPlots: plots,
  expectedSeconds,
});

/** Of a sweep, its base aside. */
export const sweepSettings = defineSettings({
  sweep: sweepName,
  description,
  base: anObject('The scenario of every point'),
  over: record<readonly Json[], typeof required>(
    list(plain, required, 'The values of a path', 1),
    required,
    'Values by path; the points are all their combinations, the last path changing fastest',
  ),
  points: list(
    record<Json, typeof required>(plain, required, 'A value of `over` by path'),
    null,
    'Combinations to run, in this order, with every value of the paths that they do not name; null: all',
  ),
  seeds: either(
    'an integer of at least 1 or a list of seeds',
    [
      count(required, "So many, from the base's on"),
      list(integer(required, 'A seed', { least: 0 }), required, 'These', 1),
    ],
    null,
    'Seeds of every point, in place of an axis `seed`; null: one',
  ),
  expect: list(spec('an expectation', 'An expectation'), [], 'Judged once over all points'),
  claims,
  changed,
  reportPlots: { ...plots, byDefault: [] },
  expectedSeconds: { ...expectedSeconds, meaning: 'Of all points together' },
})
  .and(({ over }) => (Object.keys(over).length > 0 ? null : { at: 'over', expected: 'at least one path' }))
  .and(pointConflict);
