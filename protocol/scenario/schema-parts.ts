import { DELTA_RANGE } from '../privacy/accounting/ranges.js';
import { selectionSetting } from '../selection/parts/load-selection.js';
import {
  atLeastZero,
  count,
  either,
  flag,
  fraction,
  integer,
  list,
  milliseconds,
  number,
  oneOf,
  positive,
  record,
  string,
} from '../settings/kinds.js';
import type { Json } from '../settings/plain-data.js';
import { nullable, required } from '../settings/setting.js';
import { defineSettings, group } from '../settings/settings.js';
import { CLIENT_FIGURES } from './client-figures.js';
import { battery, energy } from './energy.js';
import { plain, spec } from './schema-kinds.js';
import { clients, direction, messageKind, parties } from './selectors.js';
import { figure, series } from './settings.js';

/** The parts of a scenario with their defaults. */

const ABOVE_0 = { above: 0 };
/** A bit a second: what is slower never arrives. */
const SLOWEST_MBPS = 1e-6;

export const participation = defineSettings({
  cohort: either(
    "a number above 0 or 'all'",
    [oneOf(['all'], required, 'All clients'), positive(required, 'So many')],
    'all',
    "Clients of a round: a whole number; under 'poisson' and 'optimal-norm' the expected number, any above 0",
  ),
  sampling: selectionSetting,
  quorum: either(
    '{ count: an integer of at least 1 } or { fraction: a number in (0, 1] }',
    [
      group(defineSettings({ count: count(required, 'So many') }), required, 'A number'),
      group(defineSettings({ fraction: fraction(required, 'Of the cohort') }), required, 'A share'),
    ],
    null,
    'The smallest number of used clients below which a round fails; null: none',
  ),
  deadlineMs: milliseconds(null, "Counted from the coordinator's last post of the round; null: wait for all", ABOVE_0),
  first: count(
    null,
    'Answers of a round that are waited for, in order of simulated arrival; the others are late; null: all',
  ),
});

export const device = defineSettings({
  clients: clients(required),
  msPerExample: milliseconds(1, 'For each example of a gradient'),
  msPerRound: milliseconds(0, 'Added once a round'),
  nsPerParameterCoded: number(0, 'Nanoseconds for each entry of a vector that a codec encodes or decodes', {
    least: 0,
    most: 1e12,
  }),
});

export const link = defineSettings({
  from: parties('all', 'Who sends'),
  to: parties('all', 'Who receives'),
  kind: messageKind,
  direction,
  bandwidthMbps: nullable(number(100, 'Megabits (10^6) a second; null: no limit', { least: SLOWEST_MBPS })),
  latencyMs: milliseconds(20, 'Of each frame'),
  jitterMs: milliseconds(0, 'Upper end of a uniform extra delay, drawn for each frame'),
  retransmitMs: milliseconds(
    null,
    'How much later a frame that may not be lost arrives when it is sent again; null: twice the latency and its transfer time',
  ),
});

export const workers = defineSettings({
  count: integer(0, "Worker processes; 0: all parties in the coordinator's process", { least: 0 }),
  onLoss: oneOf(
    ['replay', 'absent', 'fail'],
    'replay',
    'At the loss of a worker: back to the last checkpoint, on without its clients, or the end of the run',
  ),
  allowAbsent: flag(false, 'A run that ended without some clients may be valid'),
  joinTimeoutMs: milliseconds(60_000, 'Until all workers have joined', ABOVE_0),
  heartbeatMs: milliseconds(20_000, 'A worker without a sign of life for so long is lost', ABOVE_0),
  peerDownMs: milliseconds(
    3_000,
    'A worker that another cannot reach for longer gets frames through the coordinator until the epoch ends',
    ABOVE_0,
  ),
  stallMs: milliseconds(
    30_000,
    'Without progress for so long although no client computes, the run is aborted',
    ABOVE_0,
  ),
  computeMs: milliseconds(3_600_000, 'The same while a client computes', ABOVE_0),
});

export const privacy = defineSettings({
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

const average = defineSettings({
  decay: number(
    required,
    'beta of m_t = beta m_{t-1} + (1 - beta) x_t over rounds, m_0 = 0; m_t / (1 - beta^t) is evaluated',
    { least: 0, below: 1 },
  ),
});

const mode = oneOf(
  ['auto', 'min', 'max'],
  'auto',
  "Which way is better; 'auto': greater for accuracies, smaller for everything else",
);

export const clientFigureSettings = defineSettings({
  of: series(required, 'A number that the clients’ halves, the objective or a probe give for single clients'),
  mode,
}).and(({ of }) =>
  CLIENT_FIGURES.some((name) => name === of)
    ? { at: 'of', expected: `a figure of one's own; ${CLIENT_FIGURES.join(', ')} are there in any case` }
    : null,
);

const perClient = defineSettings({
  heldOut: number(
    0.2,
    "Share of every client's examples that it does not train on and is evaluated on; 0: on its training examples",
    { least: 0, below: 1 },
  ),
  figures: list(
    group(clientFigureSettings, required, 'A figure'),
    [],
    'Figures of one’s own of which percentiles over the clients are taken, and which are drawn',
  ),
});

export const evaluation = defineSettings({
  everyRounds: count(1, 'Rounds from one evaluation to the next'),
  train: flag(false, "Also on the clients' training examples, for the generalisation gap"),
  average: group(
    average,
    null,
    'Also the exponential moving average of the estimates (of peers: of each one), in columns averagedLoss, averagedAccuracy and so on beside those of the estimates; null: none',
  ),
  perClient: group(
    perClient,
    null,
    "Each client's model on that client's own examples, for percentiles over clients; null: not evaluated",
  ),
});

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

export const checkpoints = defineSettings({
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
export const claim = defineSettings({
  claim: string(required, 'What the paper says'),
  source: string(required, 'Where'),
  where: someRuns,
  against: { ...someRuns, meaning: 'Runs that these are compared with, by values at paths' },
  judgedBy: list(spec('an expectation', 'An expectation'), [], 'Expectations, judged on these runs alone'),
  text: oneOf(
    ['method', 'printed', 'reconstruction', 'chosen'],
    'method',
    "Is what ran the paper's text? 'method': as the method says of itself; 'chosen': settings were chosen by the claim, which is not judged",
  ),
  note: string(null, 'What a reader must know beside the status'),
});

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
  'energy.N': energy,
  'energy.N.battery': battery,
  evaluation,
  'evaluation.average': average,
  'evaluation.perClient': perClient,
  'evaluation.perClient.figures.N': clientFigureSettings,
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
