import type { ScenarioInput, SweepInput } from '../../protocol/scenario/input.js';
import { isSweep } from '../../protocol/scenario/input.js';
import type { InitialFile, Json } from '../../protocol/scenario/scenario.js';
import { locateInitial } from '../../worker/initial-file.js';

/**
 * The scenario or sweep with the path under `initial` replaced by the file that it names and its SHA-256. Paths are relative to
 * `folder`. Throws ERR_DATA_MISSING.
 */
export function withInitial<T extends ScenarioInput | SweepInput>(input: T, folder: string): T {
  const located = <V>(value: V): V | InitialFile => (typeof value === 'string' ? locateInitial(value, folder) : value);
  if (!isSweep(input)) return 'initial' in input ? { ...input, initial: located(input.initial) } : input;
  const { base, over } = input;
  const values = over?.initial;
  return {
    ...input,
    base: 'initial' in base ? { ...base, initial: located(base.initial) } : base,
    over: Array.isArray(values) ? { ...over, initial: values.map((value) => located(value) as unknown as Json) } : over,
  };
}
