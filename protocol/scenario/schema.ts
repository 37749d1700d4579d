import { z } from 'zod';
import { atLeastZero, choice, either, integer, list, number, positive, strict, text } from './structure.js';

/** The fixed parts of a scenario with their defaults. What hangs on names (method, data, codecs, …) is completed in `resolve.ts`. */

const clientIndex = integer(0);
const indices = z
  .array(clientIndex, { error: 'an array of client indices' })
  .min(1, { error: 'at least one client index' })
  .refine((values) => new Set(values).size === values.length, { error: 'client indices without repetition' });

const clientSelector = either("'all' or an array of client indices", z.literal('all'), indices);
const partySelector = either(
  "'all', 'coordinator', 'clients' or an array of client indices",
  z.literal('all'),
  z.literal('coordinator'),
  z.literal('clients'),
  indices,
);
const direction = choice('up', 'down', 'peer', 'all');

const NAME = /^[a-z0-9][a-z0-9._-]*(\/[a-z0-9][a-z0-9._-]*)?$/i;
const NAME_PHRASE = "letters, digits, '-', '_' and '.', beginning with a letter or digit (it names a folder)";

const participation = strict({
  cohort: either("an integer of at least 1 or 'all'", z.literal('all'), integer(1)).default('all'),
  sampling: choice('fixed', 'poisson').default('fixed'),
  quorum: either(
    '{ count: an integer of at least 1 }, { fraction: a number in (0, 1] } or null',
    strict({ count: integer(1) }),
    strict({ fraction: number('a number in (0, 1]', (value) => value > 0 && value <= 1) }),
    z.null(),
  ).default(null),
  deadlineMs: either('a number above 0 or null', positive, z.null()).default(null),
});

const device = strict({
  clients: clientSelector,
  msPerExample: atLeastZero.default(1),
  msPerRound: atLeastZero.default(0),
  nsPerParameterCoded: atLeastZero.default(0),
});

const link = strict({
  from: partySelector.default('all'),
  to: partySelector.default('all'),
  kind: either('the name of a kind or null', text, z.null()).default(null),
  direction: direction.default('all'),
  bandwidthMbps: either('a number above 0 or null', positive, z.null()).default(100),
  latencyMs: atLeastZero.default(20),
  jitterMs: atLeastZero.default(0),
  retransmitMs: either('a number of at least 0 or null', atLeastZero, z.null()).default(null),
});

const workers = strict({
  count: integer(0).default(0),
  onLoss: choice('replay', 'absent', 'fail').default('replay'),
  allowAbsent: z.boolean({ error: 'true or false' }).default(false),
  joinTimeoutMs: positive.default(60_000),
  heartbeatMs: positive.default(20_000),
  peerDownMs: positive.default(3_000),
  stallMs: positive.default(30_000),
  computeMs: positive.default(3_600_000),
});

const privacy = strict({
  noise: choice('seeded', 'secure').default('seeded'),
  form: choice('float', 'grid').default('float'),
  delta: number('a number in (0, 1)', (value) => value > 0 && value < 1).default(1e-5),
  budget: either('a number above 0 or null', positive, z.null()).default(null),
  accountant: choice('auto', 'tightest', 'loss-distribution').default('auto'),
});

const values = z.record(z.string(), z.json(), { error: 'an object of paths and values' });
const someRuns = either('an object of paths and values or null', values, z.null()).default(null);
const claim = strict({
  claim: text,
  source: text,
  where: someRuns,
  against: someRuns,
  judgedBy: list(z.unknown()).default([]),
  text: choice('method', 'printed', 'reconstruction').default('method'),
  note: either('text or null', text, z.null()).default(null),
});

const anything = z.unknown().optional();
const record = z.record(z.string(), z.unknown(), { error: 'an object' });

export const claims = list(claim);
export const reportPlots = list(record);
export const expectedSeconds = either('a number above 0 or null', positive, z.null()).default(null);

const usedModule = strict({
  module: text,
  sha256: text.regex(/^[\da-f]{64}$/, { error: 'a SHA-256 in hexadecimal' }),
});

export const fixedParts = strict({
  name: text.regex(NAME, { error: NAME_PHRASE }),
  description: text.default(''),
  use: list(usedModule).optional(),
  method: anything,
  objective: anything,
  data: anything,
  clients: integer(1).default(10),
  rounds: integer(1).default(100),
  seed: integer(0).default(1),
  precision: choice('float32', 'float64').default('float32'),
  participation: participation.prefault({}),
  topology: anything,
  codecs: record.default({}),
  aggregators: record.default({}),
  clock: choice('virtual', 'wall').default('virtual'),
  devices: list(device).default([]),
  links: list(link).default([]),
  faults: list(anything).default([]),
  evaluation: strict({
    everyRounds: integer(1).default(1),
    train: z.boolean({ error: 'true or false' }).default(false),
  }).prefault({}),
  checkpoints: strict({
    everyRounds: either("an integer of at least 1, 'auto' or null", integer(1), z.literal('auto'), z.null()).default(
      'auto',
    ),
    share: number('a number in (0, 1)', (value) => value > 0 && value < 1).default(0.05),
  }).prefault({}),
  workers: workers.prefault({}),
  privacy: privacy.prefault({}),
  measure: list(anything).default([]),
  stress: strict({
    gradientScales: z.record(z.string(), positive, { error: 'an object of tensor names and factors' }).default({}),
  }).prefault({}),
  study: anything,
  device: text.min(1, { error: "'auto' or the name of a device" }).default('auto'),
  expect: list(anything).default([]),
  claims: claims.default([]),
  reportPlots: reportPlots.optional(),
  expectedSeconds,
});

/** The default for every client; entries of the scenario for some of them apply instead. */
export const DEFAULT_DEVICE = { clients: 'all', ...device.omit({ clients: true }).parse({}) } as const;
/** The default for every link; entries of the scenario for some of them apply instead. */
export const DEFAULT_LINK = link.parse({});
