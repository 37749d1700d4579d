import { statSync } from 'node:fs';
import { resolve } from 'node:path';
import { GradswarmError } from '../../protocol/errors.js';
import type { UsedModule } from '../../protocol/scenario/scenario.js';
import { type ExtensionKind, kindOfExtension } from '../../protocol/settings/extension.js';
import type { NamedModules } from '../../protocol/settings/named-modules.js';
import { describe } from '../../protocol/settings/problems.js';
import { moduleDigest } from './digest.js';
import { builtInNames, extensionPoint } from './extension-points.js';
import { importModule, packageFile } from './import-module.js';
import { isPath } from './module-path.js';
import { requireShape } from './shape.js';

/** A module of one's own whose things scenarios of this process can name. */
export interface PlugIn extends UsedModule {
  /** Where it was found, of a package too. */
  readonly file: string;
  readonly provides: readonly Provided[];
}

export interface Provided {
  readonly kind: ExtensionKind;
  readonly name: string;
  /** Is it the default export? */
  readonly isDefault: boolean;
}

/** By file. */
const loaded = new Map<string, Promise<PlugIn>>();

/** As it stands in a run's manifest. */
export function recordOf({ module, sha256, provides }: PlugIn) {
  return { module, sha256, provides: provides.map(({ kind, name }) => `${kind} ${name}`) };
}

/**
 * Loads a module and adds what it defines to what scenarios can name, once a process. `module`: a path, relative to `folder`, or the
 * name of a package. `sha256`: what it has to be. Throws ERR_SCENARIO.
 */
export async function loadPlugIn(module: string, folder: string, sha256?: string): Promise<PlugIn> {
  // The same content counts, wherever it lies: --use names the new place of a file that was moved.
  const same = (await Promise.all(loaded.values())).find((other) => other.sha256 === sha256);
  if (same) return same;
  const file = await fileOf(module, folder);
  let plugIn = loaded.get(file);
  if (!plugIn) {
    plugIn = open(isPath(module) ? file : module, file);
    loaded.set(file, plugIn);
    plugIn.catch(() => loaded.delete(file));
  }
  const found = await plugIn;
  if (sha256 !== undefined && found.sha256 !== sha256) throw otherVersion(module, sha256, found.sha256);
  return found;
}

/** A module that is not what a record or another process has. */
function otherVersion(module: string, expected: string, got: string): GradswarmError {
  return new GradswarmError(
    'ERR_SCENARIO',
    `use: expected '${module}' with SHA-256 ${expected.slice(0, 12)}…, got another version, ${got.slice(0, 12)}…; put the old files back, name their place with --use, or start a new run`,
  );
}

async function fileOf(module: string, folder: string): Promise<string> {
  if (isPath(module)) {
    const file = resolve(folder, module);
    const found = statSync(file, { throwIfNoEntry: false });
    if (found && !found.isDirectory()) return file;
    if (found)
      throw new GradswarmError('ERR_SCENARIO', `use: expected a module at '${module}', got a folder; name its file`);
    throw new GradswarmError(
      'ERR_SCENARIO',
      `use: expected a module at '${module}', got nothing at ${file}; --use names another place`,
    );
  }
  try {
    return await packageFile(module, folder);
  } catch (cause) {
    throw new GradswarmError(
      'ERR_SCENARIO',
      `use: expected a path that begins with './' or an installed package, got '${module}': ${(cause as Error).message.split('\n')[0]}; --use names another place`,
      { cause },
    );
  }
}

async function open(module: string, file: string): Promise<PlugIn> {
  const sha256 = await attempt(module, () => moduleDigest(file));
  const exported = await attempt(module, () => importModule(file));
  const provides: Provided[] = [];
  const seen = new Map<string, unknown>();
  for (const [key, thing] of Object.entries(exported)) {
    const kind = kindOfExtension(thing);
    if (kind === undefined) continue;
    const { name } = thing as { readonly name: string };
    // One thing may be exported under two names, but two things not under one.
    const known = seen.get(`${kind} ${name}`);
    if (known === thing) continue;
    if (known)
      throw new GradswarmError('ERR_SCENARIO', `use: '${module}' defines two of the name '${name}'; rename one`);
    seen.set(`${kind} ${name}`, thing);
    add(module, kind, thing as { readonly name: string }, exported);
    provides.push({ kind, name, isDefault: key === 'default' });
  }
  if (provides.length === 0)
    throw new GradswarmError(
      'ERR_SCENARIO',
      `use: expected '${module}' to export what defineMethod, defineCodec, … return, got ${Object.entries(exported).map(inWords).join(', ') || 'no exports'}`,
    );
  return { module, sha256, file, provides };
}

function add(module: string, kind: ExtensionKind, thing: { readonly name: string }, exported: object): void {
  const { name } = thing;
  const point = extensionPoint(kind) as NamedModules<{ readonly name: string }> | undefined;
  if (!point) throw new GradswarmError('ERR_SCENARIO', `use: '${module}' defines a ${kind}, which cannot be added`);
  const what = point.what.replace(/^an? /, '');
  requireShape(module, kind, thing, what);
  if (builtInNames(point).includes(name) || point.find(name))
    throw new GradswarmError(
      'ERR_SCENARIO',
      `use: '${module}' defines the ${what} '${name}', a name that is taken; choose another`,
    );
  point.add(thing, exported);
}

async function attempt<T>(module: string, task: () => Promise<T>): Promise<T> {
  try {
    return await task();
  } catch (cause) {
    throw new GradswarmError('ERR_SCENARIO', `use: '${module}' cannot be loaded: ${thrown(cause)}`, { cause });
  }
}

/** An export that is no thing. */
function inWords([key, value]: readonly [string, unknown]): string {
  return value instanceof Promise ? `${key} (a promise: await it)` : key;
}

/** A module may throw anything. */
function thrown(cause: unknown): string {
  return cause instanceof Error ? cause.message : `it threw ${describe(cause)}`;
}
