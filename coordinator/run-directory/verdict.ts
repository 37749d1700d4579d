/** One expectation of the scenario and what was seen. */
export interface ExpectationResult {
  readonly name: string;
  /** 'unknown': the run could not show it, for example because the fault never fired. */
  readonly holds: boolean | 'unknown';
  /** The number or words that decided. */
  readonly observed: number | string | null;
}

/** verdict.json. */
export interface Verdict {
  readonly valid: boolean | 'unknown';
  readonly expectations: readonly ExpectationResult[];
}

/** False when an expectation fails, unknown when one could not be judged or there is none, else true. */
export function verdictOf(expectations: readonly ExpectationResult[]): Verdict {
  const failed = expectations.some(({ holds }) => holds === false);
  const open = expectations.length === 0 || expectations.some(({ holds }) => holds === 'unknown');
  return { valid: failed ? false : open ? 'unknown' : true, expectations };
}

/** The command's exit status: 0 valid, 1 not valid, 2 unknown. */
export function exitStatus(verdict: Verdict): 0 | 1 | 2 {
  if (verdict.valid === 'unknown') return 2;
  return verdict.valid ? 0 : 1;
}
