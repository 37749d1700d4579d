import { closest } from 'fastest-levenshtein';
import type { z } from 'zod';
import { GradswarmError } from './errors.js';

function shown(value: unknown): string {
  if (typeof value === 'number' || value === undefined || typeof value === 'function') return String(value);
  const text = JSON.stringify(value) ?? String(value);
  return text.length > 80 ? `${text.slice(0, 77)}...` : text;
}

function at(value: unknown, path: readonly PropertyKey[]): unknown {
  let inner = value;
  for (const key of path) {
    if (typeof inner !== 'object' || inner === null) return undefined;
    inner = (inner as Record<PropertyKey, unknown>)[key];
  }
  return inner;
}

/**
 * Settings as their schema describes them. `owner` is what the message begins with, such as "optimizer 'adam'". Throws
 * ERR_SCENARIO with the setting's path, what was expected and what came; for an unknown key also the nearest known one.
 */
export function checkSettings<T>(owner: string, schema: z.ZodType<T>, settings: unknown): T {
  const result = schema.safeParse(settings);
  if (result.success) return result.data;
  const issue = result.error.issues[0]!;
  if (issue.code === 'unrecognized_keys') {
    const known = Object.keys((schema as unknown as { shape?: object }).shape ?? {});
    const key = issue.keys[0]!;
    const hint =
      known.length > 0 ? `; expected one of ${known.join(', ')}. Did you mean '${closest(key, known)}'?` : '';
    throw new GradswarmError('ERR_SCENARIO', `${owner}: unknown setting '${[...issue.path, key].join('.')}'${hint}`);
  }
  const path = issue.path.length > 0 ? ` setting '${issue.path.join('.')}':` : '';
  throw new GradswarmError('ERR_SCENARIO', `${owner}:${path} ${issue.message}; got ${shown(at(settings, issue.path))}`);
}

/** The error for a name that is not in a table: lists the table and says which entry is nearest. */
export function unknownName(what: string, name: unknown, known: readonly string[]): GradswarmError {
  const nearest = typeof name === 'string' && known.length > 0 ? ` Did you mean '${closest(name, [...known])}'?` : '';
  return new GradswarmError(
    'ERR_SCENARIO',
    `${what}: expected one of ${known.join(', ')}; got ${shown(name)}.${nearest}`,
  );
}
