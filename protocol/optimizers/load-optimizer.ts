import type { Segment } from '../method.js';
import { NamedModules, type NamedSpec, named, readSpec } from '../settings/named-modules.js';
import type { Required, SettingOf } from '../settings/setting.js';
import type { AnyOptimizerFamily, Optimizer } from './optimizer.js';

/** How a scenario or a method's settings name an optimizer: its name and what differs from its defaults. */
export type OptimizerSpec = NamedSpec<'optimizer'>;

/** The optimizers that are loaded: the default exports of this folder. */
export const optimizers = new NamedModules<AnyOptimizerFamily>('optimizer', 'an optimizer', [
  new URL('./', import.meta.url),
]);

/** A setting that names an optimizer, with its settings beside the name. */
export function optimizer<const D extends OptimizerSpec | null | Required>(
  byDefault: D,
  meaning: string,
): SettingOf<OptimizerSpec, D> {
  return named(optimizers, byDefault, meaning) as SettingOf<OptimizerSpec, D>;
}

/** The family of that name, which was loaded before. Throws ERR_SCENARIO with the nearest known name. */
export function optimizerByName(name: string): AnyOptimizerFamily {
  return optimizers.get(name, 'optimizer.name');
}

/**
 * The optimizer that a spec describes, its defaults filled in. It was loaded before (`optimizers.load`, or `Settings.load` of
 * what holds the spec). Throws ERR_SCENARIO on an unknown name or a bad setting.
 */
// biome-ignore lint/suspicious/noExplicitAny: the state's type belongs to the optimizer; callers only hand it back.
export function loadOptimizer(spec: OptimizerSpec, segments: readonly Segment[]): Optimizer<any> {
  const { family, settings } = readSpec(optimizers, spec);
  return family.create(settings, segments);
}
