import type { MessageKind, RunConstants } from '../../method.js';

/** What `fits` of a kind demands of a message, by field. */

type Fits = NonNullable<MessageKind['fits']>;
// biome-ignore lint/suspicious/noExplicitAny: settings of any method.
type Run = RunConstants<any>;

/** Vectors of these lengths. `lengths`: of a run, computed once for it. */
export function ofLengths(lengths: (run: Run) => Readonly<Record<string, number>>): Fits {
  const known = new WeakMap<Run, readonly (readonly [field: string, length: number])[]>();
  return (message, run) => {
    let fields = known.get(run);
    if (!fields) known.set(run, (fields = Object.entries(lengths(run))));
    return fields.every(([field, length]) => message[field].length === length);
  };
}

/** Numbers of examples, which weigh a vector: whole, at least 1. */
export function counting(field: string): Fits {
  return (message) => Number.isSafeInteger(message[field]) && message[field] >= 1;
}

/** A whole number in [0, bound). */
export function indexBelow(field: string, bound: (run: Run) => number): Fits {
  return (message, run) => Number.isInteger(message[field]) && message[field] >= 0 && message[field] < bound(run);
}
