import { moduleNames } from '../../scenarios/run/module-folder.js';

/** Every module of a folder that has a default export, by name. */
export async function defaultExports(folder: URL): Promise<ReadonlyMap<string, unknown>> {
  const found = new Map<string, unknown>();
  for (const name of moduleNames(folder)) {
    const module: { readonly default?: unknown } = await import(new URL(`${name}.js`, folder).href);
    if (module.default !== undefined) found.set(name, module.default);
  }
  return found;
}
