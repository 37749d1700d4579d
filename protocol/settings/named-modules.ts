import { GradswarmError } from '../errors.js';
import { type ExtensionKind, kindOfExtension } from './extension.js';
import { isPlainObject } from './plain-data.js';
import { Problems, unknownNameProblem } from './problems.js';
import { type Kind, type Required, type SettingOf, settingOf } from './setting.js';
import type { Settings } from './settings.js';

interface Named {
  readonly name: string;
  readonly settings?: Pick<Settings<object>, 'load'> | undefined;
}

/**
 * Things that are found by name: the default exports of a folder's files, each with the name of its file. A module is
 * imported at first use and then kept, so that code that must not wait (`init` of a method) finds what was loaded
 * before. There is no list to edit. The host, which can read folders, gives the names (`know`, `loadAll`); without them a name is tried.
 */
export class NamedModules<F extends Named> {
  private readonly loaded = new Map<string, F>();
  private readonly modules = new Map<string, object>();
  /** Names of files, things or not. */
  private readonly known = new Set<string>();

  /** `what`: such as 'an optimizer'. Several folders are searched in order. */
  constructor(
    readonly kind: ExtensionKind,
    readonly what: string,
    readonly folders: readonly URL[],
  ) {}

  /** Adds a thing of another folder. `module`: all that its file exports. */
  add(thing: F, module: object = {}): void {
    this.loaded.set(thing.name, thing);
    this.modules.set(thing.name, module);
  }

  /** There are files of these names, which `loadKnown` imports. */
  know(names: readonly string[]): void {
    for (const name of names) this.known.add(name);
  }

  /** Names of what is loaded, sorted. */
  names(): readonly string[] {
    return [...this.loaded.keys()].sort();
  }

  /** What was loaded before; undefined: nothing of that name was. */
  find(name: string): F | undefined {
    return this.loaded.get(name);
  }

  /** What was loaded before. Throws ERR_SCENARIO. */
  get(name: string, path = this.what.replace(/^an? /, '')): F {
    const found = this.loaded.get(name);
    if (!found) throw new GradswarmError('ERR_SCENARIO', unknownNameProblem(path, this.what, name, this.names()));
    return found;
  }

  /** Imports the thing of that name; undefined: there is none. */
  async load(name: string): Promise<F | undefined> {
    if (!this.loaded.has(name)) await this.module(name);
    return this.loaded.get(name);
  }

  /** What the file of that name exports, its thing loaded; an empty record: there is no such file, or no thing in it. */
  async module(name: string): Promise<object> {
    const known = this.modules.get(name);
    if (known) return known;
    // The pattern keeps a scenario from naming a path.
    if (!/^[a-z0-9-]+$/.test(name)) return {};
    for (const folder of this.folders) {
      const module = await imported(new URL(`./${name}.js`, folder));
      const thing = module?.default as F | undefined;
      if (kindOfExtension(thing) !== this.kind || thing?.name !== name) continue;
      this.add(thing, module);
      return module as object;
    }
    return {};
  }

  /** Imports the thing that a spec names and what its settings name. */
  async loadSpec({ name, ...given }: NamedSpec): Promise<F | undefined> {
    const found = await this.load(name);
    await found?.settings?.load(given);
    return found;
  }

  /** Imports all of them by the names of their files. */
  async loadAll(names: readonly string[]): Promise<void> {
    for (const name of names) await this.load(name);
  }

  /** Imports all that the host knows of, so that the names can be listed. */
  async loadKnown(): Promise<void> {
    await this.loadAll([...this.known]);
  }
}

/** undefined: there is no such file. */
async function imported(address: URL): Promise<{ readonly default?: unknown } | undefined> {
  try {
    return await import(address.href);
  } catch (error) {
    const { code, url } = error as { code?: string; url?: string };
    // An existing file that imports a missing one must report that.
    if (code !== 'ERR_MODULE_NOT_FOUND' || (url !== undefined && url !== address.href)) throw error;
    return undefined;
  }
}

/** Only a type: the kind of thing that a spec names. No value has it. */
export declare const specKind: unique symbol;

/** A name with settings beside it. */
export interface NamedSpec<K extends ExtensionKind = ExtensionKind> {
  readonly name: string;
  readonly [setting: string]: unknown;
  readonly [specKind]?: K;
}

/** Takes one of the things of a folder with its settings, which are completed. */
export function namedKind<F extends Named & { readonly settings: Settings<object> }>(
  modules: NamedModules<F>,
  takes: string,
): Kind<NamedSpec> {
  return {
    takes,
    schema: { $ref: `#/$defs/${modules.kind}` },
    read(value, path, problems, whole = takes) {
      const spec = specIn(value);
      if (!spec) {
        problems.add(path, whole, value);
        return { name: '' };
      }
      const { name, ...given } = spec;
      const found = modules.find(name);
      if (found) return { name, ...found.settings.complete(given, path, problems) };
      problems.unknownName(`${path}.name`, modules.what, name, modules.names());
      return spec;
    },
    async load(value) {
      const spec = specIn(value);
      // Its name is not known: then all are needed, to name the nearest.
      if (spec && !(await modules.loadSpec(spec))) await modules.loadKnown();
    },
  };
}

/** A setting that names one of the things of a folder. */
export function named<
  F extends Named & { readonly settings: Settings<object> },
  const D extends NamedSpec | null | Required,
>(modules: NamedModules<F>, byDefault: D, meaning: string): SettingOf<NamedSpec, D> {
  const takes = specPhrase(modules.what);
  return settingOf<NamedSpec, D>(namedKind(modules, takes), byDefault, meaning);
}

/** What stands after "expected" for a name with settings; `what`: such as 'an optimizer'. */
export function specPhrase(what: string): string {
  return `the name of ${what}, or an object with a name and settings`;
}

/** A bare name stands for the spec without settings; undefined: the value is no spec. */
function specIn(value: unknown): NamedSpec | undefined {
  if (typeof value === 'string') return { name: value };
  return isPlainObject(value) && typeof value.name === 'string' ? (value as unknown as NamedSpec) : undefined;
}

/** The same, a problem noted where something else was given. Nothing is given: that is for the definition of the setting to say. */
export function specOf(value: unknown, what: string, path: string, problems: Problems): NamedSpec | undefined {
  const spec = specIn(value);
  if (!spec && value !== undefined) problems.add(path, specPhrase(what), value);
  return spec;
}

/** The settings of a thing of that name in a spec. Throws ERR_SCENARIO, also where nothing of that name is loaded. */
export function readSpec<S extends object, F extends Named & { readonly settings: Settings<S> }>(
  modules: NamedModules<F>,
  spec: NamedSpec,
  path?: string,
): { readonly family: F; readonly settings: S } {
  const place = path ?? modules.what.replace(/^an? /, '');
  const { name, ...given } = spec;
  const family = modules.get(name, `${place}.name`);
  const problems = new Problems();
  const settings = family.settings.complete(given, place, problems);
  problems.throwIfAny();
  return { family, settings };
}
