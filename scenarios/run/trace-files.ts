import type { Scenario } from '../../protocol/scenario/scenario.js';
import { isPlainObject } from '../../protocol/settings/plain-data.js';

/** The files of a scenario's traces, for the manifest. */
export function traceFiles({
  faults,
  energy = [],
}: Pick<Scenario, 'faults' | 'energy'>): readonly { file: string; sha256: string }[] {
  const found = new Map<string, string>();
  for (const { trace } of [...faults, ...energy.flatMap(({ battery }) => battery ?? [])])
    if (isPlainObject(trace) && typeof trace.file === 'string' && typeof trace.sha256 === 'string')
      found.set(trace.sha256, trace.file);
  return [...found].map(([sha256, file]) => ({ file, sha256 }));
}
