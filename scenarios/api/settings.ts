/** Settings of one's own things: types, defaults, ranges, meanings and documentation from one expression. */

export { GradswarmError } from '../../protocol/errors.js';
export type { Precision, ReadonlyVector, Rng, Segment, Vector } from '../../protocol/method.js';
export {
  anything,
  atLeastZero,
  count,
  decay,
  either,
  flag,
  fraction,
  integer,
  list,
  number,
  oneOf,
  positive,
  probability,
  type Range,
  record,
  string,
  text,
} from '../../protocol/settings/kinds.js';
export type { Json, JsonObject } from '../../protocol/settings/plain-data.js';
export { nullable, required, type Setting, type SettingOf } from '../../protocol/settings/setting.js';
export {
  type Conflict,
  defineSettings,
  group,
  type Settings,
  type SettingsOf,
} from '../../protocol/settings/settings.js';
