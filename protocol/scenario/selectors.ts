import type { PartyId } from '../method.js';
import { kindOf, oneOf, text } from '../settings/kinds.js';
import { type Required, required, type Setting, type SettingOf, settingOf } from '../settings/setting.js';
import type { ClientSelector, Direction, PartySelector } from './scenario.js';

/** Settings that select clients, parties and messages, of faults, links and devices. Cross-checks compare them with the run. */

/** As a JSON Schema. */
const INDICES = { type: 'array', items: { type: 'integer', minimum: 0 }, minItems: 1, uniqueItems: true };

function isIndices(value: unknown): boolean {
  return (
    Array.isArray(value) &&
    value.length > 0 &&
    value.every((index) => Number.isSafeInteger(index) && index >= 0) &&
    new Set(value).size === value.length
  );
}

/** A setting that takes clients: 'all' or a list of their indices. */
export function clients<const D extends ClientSelector | null | Required>(
  byDefault: D,
  meaning = 'Which clients',
): SettingOf<ClientSelector, D> {
  const kind = kindOf<ClientSelector>(
    "'all' or an array of client indices without repetition",
    (value) => value === 'all' || isIndices(value),
    { anyOf: [{ enum: ['all'] }, INDICES] },
  );
  return { ...settingOf<ClientSelector, D>(kind, byDefault, meaning), refersTo: 'client' };
}

/** A setting that takes parties: 'all', 'coordinator', 'clients' or a list of clients' indices. */
export function parties<const D extends PartySelector | null | Required>(
  byDefault: D,
  meaning: string,
): SettingOf<PartySelector, D> {
  const kind = kindOf<PartySelector>(
    "'all', 'coordinator', 'clients' or an array of client indices without repetition",
    (value) => value === 'all' || value === 'coordinator' || value === 'clients' || isIndices(value),
    { anyOf: [{ enum: ['all', 'coordinator', 'clients'] }, INDICES] },
  );
  return { ...settingOf<PartySelector, D>(kind, byDefault, meaning), refersTo: 'client' };
}

/** One party. */
export const party: Setting<PartyId> = {
  ...settingOf<PartyId, Required>(
    kindOf(
      "'coordinator' or a client index",
      (value) => value === 'coordinator' || (Number.isSafeInteger(value) && (value as number) >= 0),
      { anyOf: [{ enum: ['coordinator'] }, { type: 'integer', minimum: 0 }] },
    ),
    required,
    'A party',
  ),
  refersTo: 'client',
};

/** A kind of the method's messages; null: every kind. */
export const messageKind: Setting<string | null> = {
  ...text(null, 'Kind of messages; null: every kind', 'the name of a kind'),
  refersTo: 'kind',
};

export const direction: Setting<Direction> = oneOf(
  ['up', 'down', 'peer', 'all'],
  'all',
  "'up': client to coordinator; 'down': coordinator to client; 'peer': client to client",
);
