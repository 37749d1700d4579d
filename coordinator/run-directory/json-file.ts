import { existsSync, readFileSync } from 'node:fs';
import { z } from 'zod';
import { GradswarmError } from '../../protocol/errors.js';

/**
 * The JSON files of a run directory, which a crash, a disk or a person may have damaged. A shape holds what the program relies
 * on; what a file has besides is kept.
 */

const index = z.number().int().nonnegative();
const party = z.union([z.literal('coordinator'), index]);
const settings = z.looseObject({ name: z.string() });

export const SHAPES = {
  record: z.looseObject({}),
  manifest: z.looseObject({
    format: z.number(),
    runId: z.string(),
    scenarioName: z.string(),
    startedAt: z.string(),
    resumedAt: z.array(z.string()),
    finishedAt: z.string().nullable(),
    roundsDone: index.nullable(),
    lostClients: z.array(index),
    edgeServers: index.optional(),
    stateDigest: z.string().nullable(),
  }),
  scenario: z.looseObject({
    name: z.string(),
    method: settings,
    objective: settings,
    data: settings,
    clients: index,
    rounds: index,
    seed: z.number(),
    precision: z.enum(['float32', 'float64']),
    privacy: z.looseObject({ noise: z.enum(['secure', 'seeded']) }),
    faults: z.array(z.looseObject({})),
    expect: z.array(settings),
    claims: z.array(z.looseObject({})),
  }),
  verdict: z.looseObject({ valid: z.union([z.boolean(), z.literal('unknown')]), expectations: z.array(settings) }),
  figures: z.looseObject({ summary: z.looseObject({}), faultsFired: z.array(z.number()) }),
  study: z.looseObject({
    summary: z.record(z.string(), z.union([z.number(), z.string()])),
    figures: z.array(z.looseObject({ name: z.string(), caption: z.string(), spec: z.looseObject({}) })).optional(),
  }),
  event: z.looseObject({ event: z.string(), round: z.number(), t: z.number(), fields: z.looseObject({}) }),
  session: z.looseObject({ at: z.string(), event: z.string(), epoch: z.number().optional() }),
  delivery: z.looseObject({
    round: index,
    attempt: index,
    cohort: z.array(index),
    lost: z.array(index).optional(),
    absences: z.array(
      z.looseObject({
        round: index,
        kind: z.string(),
        step: index,
        from: party,
        to: party,
        why: z.enum(['crashed', 'dropped', 'late', 'rejected', 'aborted']),
      }),
    ),
  }),
  release: z.union([
    z.strictObject({ backTo: index }),
    z.strictObject({
      begun: index,
      attempt: index,
      cohort: z.array(index).nullable(),
      expected: z.array(z.looseObject({ noiseMultiplier: z.number(), clients: z.array(index).optional() })).optional(),
    }),
    z.strictObject({ charged: index, attempt: index }),
    z.looseObject({ round: index, noise: z.enum(['secure', 'seeded']) }),
  ]),
  sweep: z.looseObject({
    name: z.string(),
    points: z.array(z.looseObject({ label: z.string() })),
    deviceChoices: z
      .record(z.string(), z.strictObject({ name: z.string().nullable(), why: z.array(z.string()) }))
      .optional(),
  }),
  sweepIndex: z.looseObject({ points: z.array(z.looseObject({ directory: z.string() })) }),
} as const satisfies Readonly<Record<string, z.ZodType>>;

export type Shape = (typeof SHAPES)[keyof typeof SHAPES];

/** The JSON in a text, of this shape. ERR_CHECKPOINT names `where` when it was cut short or changed. */
function parseJson<T>(text: string, shape: z.ZodType, where: string): T {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new GradswarmError('ERR_CHECKPOINT', `${where}: expected JSON, got other text`);
  }
  const { success, error } = shape.safeParse(value);
  if (success) return value as T;
  const [issue] = error.issues;
  throw new GradswarmError('ERR_CHECKPOINT', `${where}: ${issue?.path.join('.') || 'content'}: ${issue?.message}`);
}

/** A whole file. ERR_CHECKPOINT when it is missing, was cut short or changed. */
export function readJsonFile<T>(path: string, shape: z.ZodType): T {
  return damagedNamed(() => {
    if (!existsSync(path)) throw new GradswarmError('ERR_CHECKPOINT', `${path}: expected a file, got nothing`);
    return parseJson<T>(readFileSync(path, 'utf8'), shape, path);
  });
}

/** Adds to an error of the content what can be done about it. */
export function damagedNamed<T>(parse: () => T): T {
  try {
    return parse();
  } catch (error) {
    if (!(error instanceof GradswarmError)) throw error;
    const { message } = error;
    throw new GradswarmError(
      'ERR_CHECKPOINT',
      `${message.replace(/^ERR_CHECKPOINT: /, '')}; the file is damaged: run the scenario again in a new folder`,
    );
  }
}

/** One line of a file with a record a line; `where` names it in messages. */
export function readJsonLine<T>(text: string, shape: z.ZodType, where: string): T {
  return damagedNamed(() => parseJson<T>(text, shape, where));
}

/** The records of a file with one a line; a last line that a crash left unfinished is left out. */
export function* readJsonLines<T>(path: string, shape: z.ZodType): Generator<T> {
  const text = existsSync(path) ? readFileSync(path, 'utf8') : '';
  let start = 0;
  let line = 0;
  for (let end = text.indexOf('\n'); end >= 0; end = text.indexOf('\n', start)) {
    const record = text.slice(start, end);
    line++;
    yield readJsonLine<T>(record, shape, `${path}, line ${line}`);
    start = end + 1;
  }
}

/** Throws ERR_CHECKPOINT when a line within the first `byteLength` bytes is no such record. */
export function checkJsonLines(path: string, shape: z.ZodType, byteLength: number): void {
  const lines = readFileSync(path).subarray(0, byteLength).toString('utf8').split('\n');
  for (const [i, line] of lines.entries()) if (line !== '') parseJson(line, shape, `${path}, line ${i + 1}`);
}
