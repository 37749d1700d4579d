import type { ScenarioInput, SweepInput } from '../../protocol/scenario/input.js';
import { withInitial } from './initial.js';
import { withTraces } from './traces.js';

/**
 * The scenario or sweep with what it names by path read or located: saved parameters and traces. Paths are relative to `folder`.
 * Throws ERR_DATA_MISSING and ERR_DATA_FORMAT.
 */
export function withNamedFiles<T extends ScenarioInput | SweepInput>(input: T, folder: string): T {
  return withTraces(withInitial(input, folder), folder);
}
