import { NamedModules, type NamedSpec, namedKind, readSpec, specPhrase } from '../../settings/named-modules.js';
import { type Kind, settingOf } from '../../settings/setting.js';
import type { SelectionFamily } from '../selection.js';

/** How a scenario names a rule: the two plain ones by their name alone. */
export type SelectionSpec = 'fixed' | 'poisson' | NamedSpec<'selection'>;

/** The rules that are loaded: the default exports of the folder. */
export const selections = new NamedModules<SelectionFamily>('selection', 'a selection', [
  new URL('../', import.meta.url),
]);

const TAKES = specPhrase(selections.what);
const anySpec = namedKind(selections, TAKES);

/** A rule as it is recorded: 'fixed' and 'poisson' without settings of their own stay names. */
const kind: Kind<SelectionSpec> = {
  takes: TAKES,
  schema: anySpec.schema!,
  load: (value) => anySpec.load!(value),
  read(value, path, problems, takes) {
    const spec = anySpec.read(value, path, problems, takes) as NamedSpec<'selection'>;
    const { name } = spec;
    return (name === 'fixed' || name === 'poisson') && spec.unbiased !== true ? name : spec;
  },
};

export const selectionSetting = settingOf<SelectionSpec, 'fixed'>(
  kind,
  'fixed',
  "Who is in a round. 'fixed': cohort clients without replacement; 'poisson': each with probability cohort / clients; or another selection",
);

/** The rule that a spec describes, which was loaded before. Throws ERR_SCENARIO. */
export function selectionOf(spec: SelectionSpec): {
  readonly family: SelectionFamily;
  readonly settings: object;
} {
  return readSpec(selections, typeof spec === 'string' ? { name: spec } : spec, 'participation.sampling');
}
