import { anything, kindOf } from '../settings/kinds.js';
import { specPhrase } from '../settings/named-modules.js';
import { isPlainObject, type Json, type JsonObject } from '../settings/plain-data.js';
import { required, type Setting, settingOf } from '../settings/setting.js';

/** What a scenario takes at its paths beyond the usual kinds of settings. */

export const plain = anything<Json, typeof required>(required, 'A value') as Setting<Json>;

/** What a name stands for is looked up later. */
export function looked<D extends Json | typeof required>(
  byDefault: D,
  takes: string,
  meaning: string,
  schema: JsonObject,
): Setting<Json> {
  return settingOf<Json, D>(
    kindOf(takes, () => true, schema),
    byDefault,
    meaning,
  ) as Setting<Json>;
}

/** A name with settings beside it, which is looked up later. */
export const spec = (what: string, meaning: string, byDefault: Json | typeof required = required): Setting<Json> =>
  looked(byDefault, specPhrase(what), meaning, ref(what.replace(/^an? /, '').replace(' ', '')));

/** Anything of a kind, in the JSON Schema of a scenario. */
export const ref = (kind: string): JsonObject => ({ $ref: `#/$defs/${kind}` });

const NAME = /^[a-z0-9][a-z0-9._-]*(\/[a-z0-9][a-z0-9._-]*)?$/i;
const SWEEP_NAME = /^[a-z0-9][a-z0-9._-]*$/i;
const NAME_PHRASE = "letters, digits, '-', '_' and '.', beginning with a letter or digit (it names a folder)";

const matching = (pattern: RegExp, takes: string): Setting<string> =>
  settingOf<string, typeof required>(
    kindOf(takes, (value) => typeof value === 'string' && pattern.test(value), {
      type: 'string',
      pattern: pattern.source.replaceAll('a-z', 'A-Za-z'),
    }),
    required,
    'Name, also of the folder of its runs',
  );

export const sha256 = kindOf<string>('a SHA-256 in hexadecimal', (value) => /^[\da-f]{64}$/.test(String(value)));

/** Name of a scenario, or of one in a folder. */
export const scenarioName = matching(NAME, NAME_PHRASE);
export const sweepName = matching(SWEEP_NAME, NAME_PHRASE);

export const anObject = (meaning: string) =>
  settingOf<JsonObject, typeof required>(kindOf('an object', isPlainObject, { type: 'object' }), required, meaning);
