import { GradswarmError } from '../../protocol/errors.js';
import type { ExtensionKind } from '../../protocol/settings/extension.js';
import { describe } from '../../protocol/settings/problems.js';

/** What a thing of each kind must have as a function; types say more, and JavaScript has none. */
const FUNCTION_OF: Readonly<Record<ExtensionKind, string | null>> = {
  method: null,
  objective: 'create',
  layer: 'build',
  dataset: 'load',
  partition: 'split',
  topology: 'create',
  codec: 'create',
  memory: 'create',
  optimizer: 'create',
  schedule: 'build',
  aggregator: 'create',
  attack: 'create',
  fault: 'create',
  selection: 'create',
  probe: 'create',
  study: null,
  expectation: 'judge',
};

/** A thing that a module exports has a name, settings and what its kind is for. `what`: such as 'topology'. Throws ERR_SCENARIO. */
export function requireShape(module: string, kind: ExtensionKind, thing: object, what: string): void {
  const { name, settings, ...rest } = thing as Readonly<Record<string, unknown>>;
  const refused = (expected: string, got: unknown) =>
    new GradswarmError('ERR_SCENARIO', `use: '${module}': expected ${expected}, got ${describe(got)}`);
  if (typeof name !== 'string' || !/^[a-z0-9-]+$/.test(name))
    throw refused(`the ${what}'s name to be of small letters, digits and '-'`, name);
  if (typeof (settings as { complete?: unknown } | undefined)?.complete !== 'function')
    throw refused(`settings of the ${what} '${name}' that defineSettings returned`, settings);
  const key = FUNCTION_OF[kind];
  if (key !== null && typeof rest[key] !== 'function')
    throw refused(`a function '${key}' of the ${what} '${name}'`, rest[key]);
  if (kind !== 'method') return;
  for (const part of ['messages', 'paper'] as const)
    if (typeof rest[part] !== 'object' || rest[part] === null)
      throw refused(`an object '${part}' of the ${what} '${name}'`, rest[part]);
  if (!isHalf(rest.client))
    throw refused(`a half 'client' of the ${what} '${name}', or a function that makes it`, rest.client);
}

function isHalf(value: unknown): boolean {
  return typeof value === 'function' || typeof (value as { round?: unknown } | null | undefined)?.round === 'function';
}
