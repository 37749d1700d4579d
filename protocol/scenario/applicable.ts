import type { Spec } from './scenario.js';

/** An expectation that says nothing about a run, and why. */
export interface NotApplicable {
  readonly name: string;
  readonly because: string;
}

/** Expected of every run, whatever its settings are. */
const ALWAYS = ['finite'];

/**
 * The expectations that a run is judged by: all of them, or, where settings were changed from those that they were written for
 * (`changed`: paths), only those of every run.
 */
export function applicable(
  expectations: readonly Spec[],
  changed: readonly string[] = [],
): { readonly judged: readonly Spec[]; readonly notApplicable: readonly NotApplicable[] } {
  if (changed.length === 0) return { judged: expectations, notApplicable: [] };
  const isGeneral = ({ name }: Spec) => ALWAYS.includes(name);
  const because = changedInWords(changed);
  return {
    judged: expectations.filter(isGeneral),
    notApplicable: [...new Set(expectations.filter((spec) => !isGeneral(spec)).map(({ name }) => name))].map(
      (name) => ({
        name,
        because,
      }),
    ),
  };
}

/** `because rounds was set`, `because rounds, clients and method.stepSize were set`. */
export function changedInWords(changed: readonly string[]): string {
  const [last, ...before] = [...changed].reverse();
  if (before.length === 0) return `because ${last} was set`;
  return `because ${before.reverse().join(', ')} and ${last} were set`;
}
