import { NamedModules, readSpec } from '../../settings/named-modules.js';
import type { Attack, AttackFamily } from '../attack.js';

/** How a scenario names an attack: its name and what differs from its defaults. */
export interface AttackSpec {
  readonly name: string;
  readonly [setting: string]: unknown;
}

/** The attacks that are loaded: the default exports of the folder. */
export const attacks = new NamedModules<AttackFamily>('attack', 'an attack', [new URL('../', import.meta.url)]);

/** The attack that a spec describes, which was loaded before. Throws ERR_SCENARIO. */
export function attackOf(
  spec: AttackSpec,
  path: string,
): { readonly attack: Attack; readonly remembers: boolean; readonly ownAlone: boolean } {
  const { family, settings } = readSpec(attacks, spec, path);
  const { remembers = false, ownAlone = false } = family;
  return { attack: family.create(settings), remembers, ownAlone };
}
