import { GradswarmError } from './errors.js';
import type { Forecast } from './forecast.js';
import { type AnyMethod, defaultsOf } from './method.js';
import { optimizers } from './optimizers/load-optimizer.js';
import { schedules } from './schedules/schedule.js';
import { isPlainObject } from './settings/plain-data.js';

interface MethodModule {
  readonly default?: AnyMethod;
  readonly forecast?: Forecast<unknown>;
}

/** The folders of `methods/` whose files are methods. A method is found by its file's name: there is no list of methods. */
export const METHOD_FAMILIES = ['bayesian', 'compressed', 'federated', 'gossip', 'large-batch', 'private'] as const;

async function moduleOf(name: string): Promise<MethodModule> {
  if (!/^[a-z0-9-]+$/.test(name))
    throw new GradswarmError('ERR_METHOD_UNKNOWN', `expected a name of letters, digits and dashes, got '${name}'`);
  for (const family of METHOD_FAMILIES) {
    const { href } = new URL(`./methods/${family}/${name}.js`, import.meta.url);
    try {
      return await import(href);
    } catch (error) {
      const { code, url } = error as { code?: string; url?: string };
      // A file that is there but imports one that is not must say so.
      if (code !== 'ERR_MODULE_NOT_FOUND' || (url !== undefined && url !== href)) throw error;
    }
  }
  throw new GradswarmError('ERR_METHOD_UNKNOWN', `no method '${name}'; docs/methods.md lists all`);
}

/** The method whose file has this name. */
export async function loadMethod(name: string): Promise<AnyMethod> {
  const module = await moduleOf(name);
  if (module.default?.name !== name)
    throw new GradswarmError(
      'ERR_METHOD_UNKNOWN',
      `protocol/methods/${name}: expected a default export named '${name}', got '${module.default?.name}'`,
    );
  return module.default;
}

/** What the method's file says of a run before it; null where it says nothing. */
export async function loadForecast(name: string): Promise<Forecast<unknown> | null> {
  return (await moduleOf(name)).forecast ?? null;
}

/** Imports what a method's settings name (optimizers, schedules), so that its halves build them without waiting. */
export async function loadNamedBy(method: AnyMethod, hyperparameters: object): Promise<void> {
  if (method.settings) await method.settings.load(hyperparameters as Record<string, unknown>);
  else await loadWithin({ ...defaultsOf(method), ...hyperparameters });
}

async function loadWithin(value: unknown): Promise<void> {
  if (!isPlainObject(value)) return;
  for (const inside of Object.values(value)) {
    if (!isPlainObject(inside)) continue;
    const optimizer = await optimizers.load(String(inside.name));
    const schedule = await schedules.load(String(inside.name));
    for (const family of [optimizer, schedule]) await family?.settings.load(inside);
    await loadWithin(inside);
  }
}
