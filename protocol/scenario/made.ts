import type { Spec } from './scenario.js';

declare const made: unique symbol;
/** Plain data that a function for scripts has made, whose settings were checked where it was called. Only a type: nothing marks the data. */
export type Made<T> = T & AnyMade;
/** Whatever has been made so: it shows nothing of the data, so that what is written out beside it is not taken for it. */
export interface AnyMade {
  readonly [made]: true;
}

export function madeSpec(data: Spec): Made<Spec> {
  return data as Made<Spec>;
}
