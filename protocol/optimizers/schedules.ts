import { z } from 'zod';
import { cosineOfTurns } from '../numerics/elementary.js';
import { integerPower, power } from '../numerics/powers.js';
import { checkSettings, unknownName } from '../settings-check.js';

/** A number that depends on the step alone; step 0 is the first update. */
export type Schedule = (step: number) => number;

/** How a scenario writes a schedule: a constant, or the name of one with its settings. Plain data. */
export type ScheduleSpec = number | { readonly name: string; readonly [setting: string]: unknown };

/** Part of every schema that has a rate. What stands inside is checked when the schedule is built. */
export const scheduleSpec: z.ZodType<ScheduleSpec> = z.union(
  [z.number().nonnegative(), z.looseObject({ name: z.string() })],
  { error: 'expected a number >= 0 or a schedule such as {name: "cosine", rate, steps}' },
);

const rate = z.number().nonnegative();
const steps = z.number().int().positive();
const positive = z.number().positive();

interface ScheduleFamily {
  readonly schema: z.ZodType;
  // biome-ignore lint/suspicious/noExplicitAny: each builder's argument is what its own schema lets through.
  readonly build: (settings: any) => Schedule;
}

function family<T>(schema: z.ZodType<T>, build: (settings: T) => Schedule): ScheduleFamily {
  return { schema, build };
}

/**
 * constant: rate.
 * warm-up: from startRate linearly to the first rate of `after` in `steps` steps; after them `after` begins at its step 0.
 * batch-scaling: `of` times batchSize / referenceBatchSize ('linear') or the square root of it ('square-root').
 * cosine: from rate to finalRate along half a cosine in `steps` steps, then finalRate.
 * polynomial: finalRate + (rate - finalRate)(1 - step / steps)^power, then finalRate.
 * step-decay: rate divided by `divisor` after every `stageSteps` steps.
 * milestones: rate divided by `divisor` at each of the listed steps.
 * inverse-power: rate / (step + offset)^exponent.
 */
const families: Readonly<Record<string, ScheduleFamily>> = {
  constant: family(z.strictObject({ rate }), (settings) => () => settings.rate),
  'warm-up': family(z.strictObject({ steps, startRate: rate.default(0), after: scheduleSpec }), (settings) => {
    const after = scheduleOf(settings.after);
    const target = after(0);
    return (step) =>
      step < settings.steps
        ? settings.startRate + (target - settings.startRate) * (step / settings.steps)
        : after(step - settings.steps);
  }),
  'batch-scaling': family(
    z.strictObject({
      rule: z.enum(['linear', 'square-root']),
      batchSize: positive,
      referenceBatchSize: positive,
      of: scheduleSpec,
    }),
    (settings) => {
      const of = scheduleOf(settings.of);
      const ratio = settings.batchSize / settings.referenceBatchSize;
      const factor = settings.rule === 'linear' ? ratio : Math.sqrt(ratio);
      return (step) => factor * of(step);
    },
  ),
  cosine: family(z.strictObject({ rate, steps, finalRate: rate.default(0) }), (settings) => (step) => {
    const turns = 0.5 * Math.min(1, step / settings.steps);
    return settings.finalRate + (settings.rate - settings.finalRate) * 0.5 * (1 + cosineOfTurns(turns));
  }),
  polynomial: family(
    z.strictObject({ rate, steps, power: positive.default(1), finalRate: rate.default(0) }),
    (settings) => (step) => {
      const left = Math.max(0, 1 - step / settings.steps);
      return settings.finalRate + (settings.rate - settings.finalRate) * power(left, settings.power);
    },
  ),
  'step-decay': family(
    z.strictObject({ rate, divisor: z.number().min(1), stageSteps: steps }),
    (settings) => (step) => settings.rate / integerPower(settings.divisor, Math.floor(step / settings.stageSteps)),
  ),
  milestones: family(
    z.strictObject({ rate, divisor: z.number().min(1), steps: z.array(z.number().int().nonnegative()) }),
    (settings) => (step) => {
      const passed = settings.steps.filter((milestone) => milestone <= step).length;
      return settings.rate / integerPower(settings.divisor, passed);
    },
  ),
  'inverse-power': family(
    z.strictObject({ rate, offset: positive.default(1), exponent: z.number().nonnegative().default(1) }),
    (settings) => (step) => settings.rate / power(step + settings.offset, settings.exponent),
  ),
};

export const scheduleNames: readonly string[] = Object.keys(families);

/** The schedule that a spec describes. Throws ERR_SCENARIO for an unknown name or a setting that makes no sense. */
export function scheduleOf(spec: ScheduleSpec): Schedule {
  if (typeof spec === 'number') {
    const constant = checkSettings('schedule', rate, spec);
    return () => constant;
  }
  const { name, ...settings } = spec;
  const found = Object.hasOwn(families, name) ? families[name] : undefined;
  if (!found) throw unknownName('schedule', name, scheduleNames);
  return found.build(checkSettings(`schedule '${name}'`, found.schema, settings));
}
