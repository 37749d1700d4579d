import type { Settings } from '../../../protocol/settings/settings.js';

/** The complete settings of what a `define…` returned: `SettingsIn<typeof signVote>`. */
export type SettingsIn<F> = F extends { readonly settings?: infer S }
  ? NonNullable<S> extends Settings<infer T>
    ? T
    : object
  : object;
