import { existsSync, readFileSync, statSync } from 'node:fs';
import { basename, dirname, extname, join, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { GradswarmError } from '../../protocol/errors.js';
import type { ScenarioInput, SweepInput } from '../../protocol/scenario/input.js';
import { withSeedAxis } from '../../protocol/scenario/seed-axis.js';
import { isPlainObject } from '../../protocol/settings/plain-data.js';
import { nearestHint } from '../../protocol/settings/problems.js';
import { importModule } from '../plug-ins/import-module.js';
import { parseJson } from './json-text.js';
import { moduleNames } from './module-folder.js';
import { onRecordedDevice } from './recorded.js';

const LIBRARY = fileURLToPath(new URL('../library/', import.meta.url));

export type Loaded = ScenarioInput | SweepInput;

/** Names of the shipped scenarios, sorted. */
export function shippedNames(folder: string = LIBRARY): readonly string[] {
  return moduleNames(pathToFileURL(`${folder}/`));
}

/** The shipped scenario of that name; null: there is none. */
export async function loadShipped(name: string, folder: string = LIBRARY): Promise<Loaded | null> {
  if (!shippedNames(folder).includes(name)) return null;
  const path = join(folder, `${name}.js`);
  const { default: value } = await import(pathToFileURL(path).href);
  return checked(path, value);
}

/**
 * What a person wrote: a shipped scenario by name, a .ts, .js, .mjs or .json file, or a run directory (its record).
 * Throws ERR_SCENARIO.
 */
export async function loadScenario(nameOrPath: string, folder: string = LIBRARY): Promise<Loaded> {
  const known = await loadShipped(nameOrPath, folder);
  if (known) return known;
  if (!existsSync(nameOrPath)) throw notFound(nameOrPath, folder);
  if (!statSync(nameOrPath).isDirectory()) return fromFile(nameOrPath);
  const sweep = join(nameOrPath, 'sweep.json');
  if (existsSync(sweep)) return checked(sweep, ((await parsedJson(sweep)) as { readonly input?: unknown }).input);
  const record = join(nameOrPath, 'scenario.json');
  if (!existsSync(record))
    throw new GradswarmError(
      'ERR_SCENARIO',
      `${nameOrPath}: expected a directory with a scenario.json or a sweep.json, got one without`,
    );
  return onRecordedDevice((await fromFile(record)) as ScenarioInput, nameOrPath);
}

/** Where the paths in what `loadScenario` returns begin: beside its file; for a shipped scenario, where the user is. */
export function folderOf(nameOrPath: string): string {
  if (shippedNames().includes(nameOrPath)) return process.cwd();
  const path = resolve(nameOrPath);
  return existsSync(path) && statSync(path).isDirectory() ? path : dirname(path);
}

function notFound(nameOrPath: string, folder: string): GradswarmError {
  if (/[\\/]|\.(ts|js|mjs|json)$/.test(nameOrPath))
    return new GradswarmError(
      'ERR_SCENARIO',
      `${nameOrPath}: expected a scenario file or a run directory, got nothing there`,
    );
  const names = shippedNames(folder);
  const hint = nearestHint(nameOrPath, names);
  return new GradswarmError(
    'ERR_SCENARIO',
    `expected the name of a scenario, got '${nameOrPath}'${hint} (known: ${names.join(', ') || 'none'}; see 'gradswarm list')`,
  );
}

async function fromFile(path: string): Promise<Loaded> {
  if (path.endsWith('.json')) return checked(path, await parsedJson(path));
  if (/\.m?[jt]s$/.test(path)) return imported(path);
  throw new GradswarmError('ERR_SCENARIO', `${path}: expected a .ts, .js, .mjs or .json file, got another ending`);
}

async function parsedJson(path: string): Promise<unknown> {
  return parseJson(readFileSync(path, 'utf8'), path, 'ERR_SCENARIO');
}

async function imported(path: string): Promise<Loaded> {
  let value: unknown;
  try {
    ({ default: value } = await importModule(resolve(path)));
  } catch (cause) {
    throw new GradswarmError('ERR_SCENARIO', `${path}: the module cannot be loaded: ${(cause as Error).message}`, {
      cause,
    });
  }
  return checked(path, value);
}

function whatIs(value: unknown): string {
  if (value === undefined) return 'none';
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'a list';
  if (value instanceof Promise) return 'a promise; await it';
  if (typeof value === 'function') return 'a function; call it';
  return `a ${typeof value}`;
}

/** A scenario or a sweep without a name has that of its file. `$schema` is for editors. */
function checked(path: string, value: unknown): Loaded {
  if (isPlainObject(value)) {
    const { $schema: _, ...input } = value;
    const name = basename(path, extname(path));
    if ('sweep' in input || 'base' in input) return withSeedAxis({ sweep: name, ...input } as unknown as SweepInput);
    if ('method' in input) return { name, ...input } as unknown as Loaded;
  }
  const place = path.endsWith('.json') ? '' : ' as the default export';
  const got = isPlainObject(value) ? "an object without 'method' (a scenario) and 'base' (a sweep)" : whatIs(value);
  throw new GradswarmError('ERR_SCENARIO', `${path}: expected a scenario or a sweep${place}, got ${got}`);
}
