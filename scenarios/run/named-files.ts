import type { ScenarioInput, SweepInput } from '../../protocol/scenario/input.js';
import { withInitial } from './initial.js';

/**
 * The scenario or sweep with what it names by path read or located: saved parameters and traces. Paths are relative to `folder`.
 * Throws ERR_DATA_MISSING and ERR_DATA_FORMAT.
 */
export async function withNamedFiles<T extends ScenarioInput | SweepInput>(input: T, folder: string): Promise<T> {
  const located = withInitial(input, folder);
  // What reads tables is read with the first trace.
  return hasTrace(located) ? (await import('./traces.js')).withTraces(located, folder) : located;
}

/** Is there a setting of this name, also as the axis of a sweep? */
function hasTrace(value: unknown): boolean {
  if (value === null || typeof value !== 'object') return false;
  return Object.entries(value).some(([key, one]) => /(^|\.)trace$/.test(key) || hasTrace(one));
}
