import { z } from 'zod';
import { clientSelector, direction, partySelector } from './schema.js';
import {
  atLeastZero,
  choice,
  either,
  finite,
  integer,
  list,
  number,
  positive,
  probability,
  strict,
  text,
} from './structure.js';

/**
 * The settings of every built-in fault with their defaults. A rule acts in the rounds from <= round < until (until null:
 * to the end). A crash begins in the rule's first round and lasts `downRounds` rounds; null: as long as the rule. What each
 * rule does is written in `links/rules/`, in a file of the fault's name.
 */

const when = {
  from: integer(0).default(0),
  until: either('an integer of at least 1 or null', integer(1), z.null()).default(null),
};

const filter = {
  ...when,
  kind: either('the name of a kind or null', text, z.null()).default(null),
  direction: direction.default('all'),
  senders: partySelector.default('all'),
  receivers: partySelector.default('all'),
};

const { receivers: _, ...postFilter } = filter;

const noise = {
  distribution: choice('gaussian', 'laplace', 'student-t').default('gaussian'),
  stddev: atLeastZero,
  relativeVariance: atLeastZero.default(0),
  degreesOfFreedom: number('a number above 2', (value) => value > 2).default(2.5),
};

const fault = <const N extends string, T extends z.ZodRawShape>(name: N, shape: T) =>
  strict({ fault: z.literal(name), ...shape });

const party = either("'coordinator' or a client index", z.literal('coordinator'), integer(0));

export const FAULT_RULES = {
  drop: fault('drop', { ...filter, probability: probability.default(1) }),
  duplicate: fault('duplicate', { ...filter, probability: probability.default(1) }),
  corrupt: fault('corrupt', { ...filter, probability: probability.default(1) }),
  delay: fault('delay', {
    ...filter,
    probability: probability.default(1),
    delayMs: atLeastZero,
    jitterMs: atLeastZero.default(0),
  }),
  'burst-loss': fault('burst-loss', {
    ...filter,
    goodToBad: probability,
    badToGood: probability,
    lossInGood: probability.default(0),
    lossInBad: probability.default(1),
  }),
  'symmetric-drop': fault('symmetric-drop', { ...when, probability }),
  'channel-noise': fault('channel-noise', { ...filter, ...noise }),
  'broadcast-noise': fault('broadcast-noise', { ...postFilter, ...noise }),
  scale: fault('scale', { ...postFilter, factor: finite }),
  'probabilistic-quantiser': fault('probabilistic-quantiser', {
    ...filter,
    step: positive,
    per: choice('post', 'link').default('post'),
  }),
  byzantine: fault('byzantine', {
    ...when,
    kind: filter.kind,
    clients: clientSelector,
    attack: either(
      'the name of an attack, or an object with a name and settings',
      text,
      z.looseObject({ name: z.string() }),
    ),
  }),
  crash: fault('crash', {
    ...when,
    clients: clientSelector,
    downRounds: either('an integer of at least 1 or null', integer(1), z.null()).default(null),
    memory: choice('kept', 'lost').default('kept'),
  }),
  availability: fault('availability', {
    ...when,
    clients: clientSelector.default('all'),
    onToOff: probability,
    offToOn: probability,
  }),
  slow: fault('slow', { ...when, clients: clientSelector, factor: positive }),
  partition: fault('partition', {
    ...when,
    groups: list(list(party).min(1, { error: 'at least one party' })).min(2, { error: 'at least two groups' }),
  }),
} as const;

/** The times of a rule of a fault that is not built in; its other settings have their own defaults. */
export const ruleTimes = z.strictObject(when);

/** A built-in rule with all settings. */
export type BuiltInFaultRule = {
  [F in keyof typeof FAULT_RULES]: z.output<(typeof FAULT_RULES)[F]>;
}[keyof typeof FAULT_RULES];

export function isBuiltInFault(name: string): name is keyof typeof FAULT_RULES {
  return Object.hasOwn(FAULT_RULES, name);
}
