import { Problems } from '../../protocol/settings/problems.js';
import type { Settings } from '../../protocol/settings/settings.js';
import { type Claim, claim, ensure, ensureEqual } from './claim.js';

/** The settings of anything that a scenario names: plain defaults, a meaning each, and an error for what is misspelt or out of range. */
export function settingsClaims(settings: Settings<object>): readonly Claim[] {
  return [
    claim('settings: the defaults survive JSON and are accepted as they are', () => {
      const { defaults } = settings;
      ensureEqual(JSON.parse(JSON.stringify(defaults)), defaults, 'the defaults after a way through JSON');
      const problems = new Problems();
      const completed = settings.complete(defaults as Record<string, unknown>, 'settings', problems);
      // Settings that must be given have no default.
      if (problems.count === 0) ensureEqual(completed, defaults, 'the completed defaults');
    }),
    claim('settings: each has a line of meaning', () => {
      const without = settings.rows().filter(({ meaning }) => meaning.trim() === '');
      ensure(
        without.length === 0,
        `expected a meaning for each, got none for ${without.map(({ name }) => name).join(', ')}`,
      );
    }),
    claim('settings: an unknown one, and a value of another type, are refused with their path', () => {
      const wrong = (given: object): string => {
        const problems = new Problems();
        settings.complete(given as Record<string, unknown>, 'settings', problems);
        try {
          problems.throwIfAny();
        } catch (error) {
          return (error as Error).message;
        }
        return 'no error';
      };
      ensure(
        wrong({ noSuchSetting: 1 }).includes('settings.noSuchSetting'),
        `of an unknown setting: ${wrong({ noSuchSetting: 1 })}`,
      );
      for (const { name, takes } of settings.rows()) {
        if (/plain data/.test(takes)) continue;
        const text = wrong({ [name]: Number.NaN });
        ensure(text.includes(`settings.${name}: expected`), `of ${name} = NaN: ${text}`);
      }
    }),
  ];
}
