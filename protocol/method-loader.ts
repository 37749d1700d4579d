import type { Forecast } from './forecast.js';
import type { AnyMethod } from './method.js';
import { GradswarmError } from './wire/error-codes.js';

/** The method whose file has this name. There is no registry: the folder is the list. */
export async function loadMethod(name: string): Promise<AnyMethod> {
  if (!/^[a-z0-9-]+$/.test(name))
    throw new GradswarmError('ERR_METHOD_UNKNOWN', `expected a name of letters, digits and dashes, got '${name}'`);
  let module: { readonly default?: AnyMethod };
  try {
    module = await import(new URL(`./methods/${name}.js`, import.meta.url).href);
  } catch (error) {
    if ((error as { code?: string }).code !== 'ERR_MODULE_NOT_FOUND') throw error;
    throw new GradswarmError('ERR_METHOD_UNKNOWN', `no method '${name}'; docs/methods.md lists all`, {
      cause: error,
    });
  }
  if (module.default?.name !== name)
    throw new GradswarmError(
      'ERR_METHOD_UNKNOWN',
      `protocol/methods/${name}: expected a default export named '${name}', got '${module.default?.name}'`,
    );
  return module.default;
}

/** What the method's file says of a run before it; null where it says nothing. */
export async function loadForecast(name: string): Promise<Forecast<unknown> | null> {
  await loadMethod(name);
  const module: { readonly forecast?: Forecast<unknown> } = await import(
    new URL(`./methods/${name}.js`, import.meta.url).href
  );
  return module.forecast ?? null;
}
