import type { Forecast } from './forecast.js';
import type { AnyMethod } from './method.js';
import { NamedModules } from './settings/named-modules.js';

/** The folders of `methods/` whose files are methods. A method is found by its file's name: there is no list of methods. */
const METHOD_FAMILIES = [
  'asynchronous',
  'bayesian',
  'compressed',
  'fair',
  'federated',
  'gossip',
  'large-batch',
  'personal',
  'private',
] as const;

/** The methods that are loaded. */
export const methods = new NamedModules<AnyMethod>(
  'method',
  'a method',
  METHOD_FAMILIES.map((family) => new URL(`./methods/${family}/`, import.meta.url)),
);

/** The method whose file has this name. Throws ERR_SCENARIO. */
export async function loadMethod(name: string): Promise<AnyMethod> {
  return (await methods.load(name)) ?? methods.get(name, 'method.name');
}

/** The forecast of the method's file; null where it has none. */
export async function loadForecast(name: string): Promise<Forecast<unknown> | null> {
  const module: { readonly forecast?: Forecast<unknown> } = await methods.module(name);
  return module.forecast ?? null;
}

/** Imports what a method's settings name (optimizers, schedules), so that its halves build them without waiting. */
export async function loadNamedBy({ settings }: AnyMethod, hyperparameters: object): Promise<void> {
  await settings.load(hyperparameters as Record<string, unknown>);
}
