import type * as zodTypes from 'zod';
import { zod } from './zod.js';

type Checked = zodTypes.z.ZodType;

let made: ReturnType<typeof make> | undefined;

/** What the program relies on in each JSON file of a run directory; what a file has besides is kept. Made at first use. */
export function jsonShapes() {
  return (made ??= make(zod()));
}

/** Name of one. */
export type Shape = keyof ReturnType<typeof make>;

function make(z: typeof zodTypes.z) {
  const index = z.number().int().nonnegative();
  const party = z.union([z.literal('coordinator'), index]);
  const settings = z.looseObject({ name: z.string() });

  return {
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
        expected: z
          .array(z.looseObject({ noiseMultiplier: z.number(), clients: z.array(index).optional() }))
          .optional(),
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
  } as const satisfies Readonly<Record<string, Checked>>;
}
