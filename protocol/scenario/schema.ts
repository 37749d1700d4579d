import { DELTA_RANGE } from '../privacy/accounting/ranges.js';
import {
  anything,
  atLeastZero,
  count,
  either,
  flag,
  fraction,
  integer,
  kindOf,
  list,
  number,
  oneOf,
  positive,
  record,
  string,
  text,
} from '../settings/kinds.js';
import { specPhrase } from '../settings/named-modules.js';
import { isPlainObject, type Json, type JsonObject } from '../settings/plain-data.js';
import { nullable, required, type Setting, settingOf } from '../settings/setting.js';
import { defineSettings, group } from '../settings/settings.js';
import { clients, direction, messageKind, parties } from './selectors.js';
import { figure, series } from './settings.js';
import { pointConflict } from './sweep-points.js';

/** The parts of a scenario with their defaults. What depends on names (method, data, codecs, …) is completed in `resolve.ts`. */

const plain = anything<Json, typeof required>(required, 'A value') as Setting<Json>;

/** What a name stands for is looked up later. */
function looked<D extends Json | typeof required>(
  byDefault: D,
  takes: string,
  meaning: string,
  schema: JsonObject,
): Setting<Json> {
  return settingOf<Json, D>(
    kindOf(takes, () => true, schema),
    byDefault,
    meaning,
  ) as Setting<Json>;
}

/** A name with settings beside it, which is looked up later. */
const spec = (what: string, meaning: string, byDefault: Json | typeof required = required): Setting<Json> =>
  looked(byDefault, specPhrase(what), meaning, ref(what.replace(/^an? /, '').replace(' ', '')));

/** Anything of a kind, in the JSON Schema of a scenario. */
const ref = (kind: string): JsonObject => ({ $ref: `#/$defs/${kind}` });

const matching = (pattern: RegExp, takes: string): Setting<string> =>
  settingOf<string, typeof required>(
    kindOf(takes, (value) => typeof value === 'string' && pattern.test(value), {
      type: 'string',
      pattern: pattern.source.replaceAll('a-z', 'A-Za-z'),
    }),
    required,
    'Name, also of the folder of its runs',
  );

const sha256 = kindOf<string>('a SHA-256 in hexadecimal', (value) => /^[\da-f]{64}$/.test(String(value)));

const participation = defineSettings({
  cohort: either(
    "an integer of at least 1 or 'all'",
    [oneOf(['all'], required, 'All clients'), count(required, 'So many')],
    'all',
    "Clients invited to a round; under 'poisson' the expected number",
  ),
  sampling: oneOf(
    ['fixed', 'poisson'],
    'fixed',
    "'fixed': that many without replacement; 'poisson': each with probability cohort / clients",
  ),
  quorum: either(
    '{ count: an integer of at least 1 } or { fraction: a number in (0, 1] }',
    [
      group(defineSettings({ count: count(required, 'So many') }), required, 'A number'),
      group(defineSettings({ fraction: fraction(required, 'Of the cohort') }), required, 'A share'),
    ],
    null,
    'The smallest number of used clients below which a round fails; null: none',
  ),
  deadlineMs: positive(null, "Counted from the coordinator's last post of the round; null: wait for all"),
});

const device = defineSettings({
  clients: clients(required),
  msPerExample: atLeastZero(1, 'For each example of a gradient'),
  msPerRound: atLeastZero(0, 'Added once a round'),
  nsPerParameterCoded: atLeastZero(0, 'Nanoseconds for each entry of a vector that a codec encodes or decodes'),
});

const link = defineSettings({
  from: parties('all', 'Who sends'),
  to: parties('all', 'Who receives'),
  kind: messageKind,
  direction,
  bandwidthMbps: nullable(positive(100, 'Megabits (10^6) a second; null: no limit')),
  latencyMs: atLeastZero(20, 'Of each frame'),
  jitterMs: atLeastZero(0, 'Upper end of a uniform extra delay, drawn for each frame'),
  retransmitMs: atLeastZero(
    null,
    'How much later a frame that may not be lost arrives when it is sent again; null: twice the latency and its transfer time',
  ),
});

const workers = defineSettings({
  count: integer(0, "Worker processes; 0: all parties in the coordinator's process", { least: 0 }),
  onLoss: oneOf(
    ['replay', 'absent', 'fail'],
    'replay',
    'At the loss of a worker: back to the last checkpoint, on without its clients, or the end of the run',
  ),
  allowAbsent: flag(false, 'A run that ended without some clients may be valid'),
  joinTimeoutMs: positive(60_000, 'Until all workers have joined'),
  heartbeatMs: positive(20_000, 'A worker without a sign of life for so long is lost'),
  peerDownMs: positive(
    3_000,
    'A worker that another cannot reach for longer gets frames through the coordinator until the epoch ends',
  ),
  stallMs: positive(30_000, 'Without progress for so long although no client computes, the run is aborted'),
  computeMs: positive(3_600_000, 'The same while a client computes'),
});

const privacy = defineSettings({
  noise: oneOf(['seeded', 'secure'], 'seeded', "'seeded': repeatable, for study; 'secure': from the operating system"),
  form: oneOf(
    ['float', 'grid'],
    'float',
    "'float': rounded normals; 'grid': noise on a grid that survives floating point",
  ),
  delta: number(1e-5, 'Of (epsilon, delta)', DELTA_RANGE),
  budget: positive(null, 'Largest epsilon; the run stops before the round that would pass it; null: no limit'),
  accountant: oneOf(
    ['auto', 'tightest', 'loss-distribution'],
    'auto',
    "'auto': exact where nothing is sampled, else Renyi orders; 'tightest': the least proven bound; 'loss-distribution': that bound",
  ),
});

const perClient = defineSettings({
  heldOut: number(
    0.2,
    "Share of every client's examples that it does not train on and is evaluated on; 0: on its training examples",
    { least: 0, below: 1 },
  ),
});

const evaluation = defineSettings({
  everyRounds: count(1, 'Rounds from one evaluation to the next'),
  train: flag(false, "Also on the clients' training examples, for the generalisation gap"),
  perClient: group(
    perClient,
    null,
    "Each client's model on that client's own examples, for percentiles over clients; null: not evaluated",
  ),
});

const mode = oneOf(
  ['auto', 'min', 'max'],
  'auto',
  "Which way is better; 'auto': greater for accuracies, smaller for everything else",
);

export const stopRuleSettings = defineSettings({
  of: { ...figure(required, 'A series, or a figure of the rounds so far'), reads: 'either' as const },
  below: number(null, 'It falls to this or below'),
  above: number(null, 'It rises to this or above'),
  patience: count(null, 'So many values of the series in a row without an improvement'),
  minDelta: atLeastZero(0, 'Least improvement that counts'),
  mode,
}).and(({ below, above, patience }) =>
  below === null && above === null && patience === null ? { expected: 'below, above or patience' } : null,
);

export const keepBestSettings = defineSettings({ of: series(required), mode });

const checkpoints = defineSettings({
  everyRounds: nullable(
    either(
      "an integer of at least 1 or 'auto'",
      [count(required, 'So many'), oneOf(['auto'], required, 'By share')],
      'auto',
      "Rounds from one checkpoint to the next; 'auto': as often as takes `share` of the time; null: none",
    ),
  ),
  share: number(0.05, "Of the time, under 'auto'", { above: 0, below: 1 }),
});

const someRuns = record<Json, null>(plain, null, 'Runs by values at paths; null: all');
const claim = defineSettings({
  claim: string(required, 'What the paper says'),
  source: string(required, 'Where'),
  where: someRuns,
  against: { ...someRuns, meaning: 'Runs that these are compared with, by values at paths' },
  judgedBy: list(spec('an expectation', 'An expectation'), [], 'Expectations, judged on these runs alone'),
  text: oneOf(
    ['method', 'printed', 'reconstruction'],
    'method',
    "Is what ran the paper's text? 'method': as the method says of itself",
  ),
  note: string(null, 'What a reader must know beside the status'),
});

const NAME = /^[a-z0-9][a-z0-9._-]*(\/[a-z0-9][a-z0-9._-]*)?$/i;
const SWEEP_NAME = /^[a-z0-9][a-z0-9._-]*$/i;
const NAME_PHRASE = "letters, digits, '-', '_' and '.', beginning with a letter or digit (it names a folder)";

const anObject = (meaning: string) =>
  settingOf<JsonObject, typeof required>(kindOf('an object', isPlainObject, { type: 'object' }), required, meaning);
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
  name: matching(NAME, NAME_PHRASE),
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
  stress: group(
    defineSettings({
      gradientScales: record(positive(required, 'A factor'), {}, "Factors on named tensors of every client's gradient"),
    }),
    {},
    'Changes to what clients compute, which the evaluation does not see',
  ),
  study: spec('a study', 'What is measured beside the run; null: nothing', null),
  device: text('auto', 'Compute device', "'auto' or the name of a device"),
  expect: list(spec('an expectation', 'An expectation'), [], 'What the run is expected to show'),
  claims,
  changed,
  reportPlots: plots,
  expectedSeconds,
});

/** Of a sweep, its base aside. */
export const sweepSettings = defineSettings({
  sweep: matching(SWEEP_NAME, NAME_PHRASE),
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

/** What stands for one kind of messages under `codecs`. */
export const kindCodecSettings = defineSettings({
  codec: spec('a codec', 'The codec'),
  memory: spec('a memory', 'Keeps what the codec left out (error feedback); null: nothing does', null),
  scope: oneOf(
    ['vector', 'tensor'],
    'vector',
    "'vector': a field is encoded whole; 'tensor': each tensor of the model on its own",
  ),
});

/** Settings inside those of a scenario, by where they stand. */
export const SCENARIO_PARTS = {
  participation,
  'codecs.KIND': kindCodecSettings,
  'devices.N': device,
  'links.N': link,
  evaluation,
  'evaluation.perClient': perClient,
  'stopWhen.N': stopRuleSettings,
  keepBest: keepBestSettings,
  checkpoints,
  workers,
  privacy,
  'claims.N': claim,
} as const;

/** The default for every client; entries of the scenario for some of them apply instead. */
export const DEFAULT_DEVICE = device.parse('device', { clients: 'all' });
/** The default for every link; entries of the scenario for some of them apply instead. */
export const DEFAULT_LINK = link.defaults;
