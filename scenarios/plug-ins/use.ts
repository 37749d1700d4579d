import { GradswarmError } from '../../protocol/errors.js';
import type { ScenarioInput, SweepInput, UseInput } from '../../protocol/scenario/input.js';
import { isSweep } from '../../protocol/scenario/input.js';
import type { Json, UsedModule } from '../../protocol/scenario/scenario.js';
import { isPlainObject } from '../../protocol/settings/plain-data.js';
import { loadPlugIn, type PlugIn } from './plug-ins.js';

const MODULE_PATH = /^\.{1,2}\/.*\.[mc]?[jt]sx?$/;

/**
 * The scenario or sweep with every module that it uses loaded: those of `use`, and those that stand in place of a name, which is
 * then the name of what the module defines. Paths are relative to `folder`. `more`: modules to use besides. Throws ERR_SCENARIO.
 */
export async function withPlugIns<T extends ScenarioInput | SweepInput>(
  input: T,
  folder: string,
  more: readonly UseInput[] = [],
): Promise<T> {
  const plugIns = new Map<string, PlugIn>();
  const used = async (use: UseInput): Promise<PlugIn> => {
    const { module, sha256 } = typeof use === 'string' ? { module: use } : (use as Partial<UsedModule>);
    if (typeof module !== 'string')
      throw new GradswarmError('ERR_SCENARIO', `use: expected a path that begins with './' or the name of a package`);
    const plugIn = await loadPlugIn(module, folder, sha256);
    plugIns.set(plugIn.module, plugIn);
    return plugIn;
  };
  const { use: own, ...rest } = (isSweep(input) ? input.base : input) as Partial<ScenarioInput>;
  for (const module of [...more, ...listOf(own)]) await used(module);
  const whole: Record<string, unknown> = isSweep(input) ? { ...input, base: rest } : rest;
  const named = (await withNames(whole, used)) as Record<string, unknown>;
  if (plugIns.size === 0) return named as unknown as T;
  const use = [...plugIns.values()].map(({ module, sha256 }) => ({ module, sha256 }));
  return (isSweep(input) ? { ...named, base: { ...(named.base as object), use } } : { ...named, use }) as unknown as T;
}

/** Loads what a resolved scenario uses, where this process has not yet. Throws ERR_SCENARIO where another version is there. */
export async function loadUsed(use: readonly UsedModule[] = []): Promise<readonly PlugIn[]> {
  return Promise.all(use.map(({ module, sha256 }) => loadPlugIn(module, process.cwd(), sha256)));
}

function listOf(use: ScenarioInput['use']): readonly UseInput[] {
  if (use === undefined) return [];
  if (Array.isArray(use)) return use;
  throw new GradswarmError('ERR_SCENARIO', 'use: expected an array of paths and names of packages');
}

/** The same data with each path of a module replaced by the name of what the module defines. */
async function withNames(value: unknown, used: (module: string) => Promise<PlugIn>): Promise<unknown> {
  if (typeof value === 'string') return MODULE_PATH.test(value) ? nameIn(await used(value)) : value;
  if (Array.isArray(value)) return Promise.all(value.map((one) => withNames(one, used)));
  if (!isPlainObject(value)) return value;
  const entries = await Promise.all(
    Object.entries(value).map(async ([key, one]) => [key, await withNames(one, used)] as const),
  );
  return Object.fromEntries(entries) as Json;
}

function nameIn({ module, provides }: PlugIn): string {
  const [only] = provides.length === 1 ? provides : provides.filter(({ isDefault }) => isDefault);
  if (only) return only.name;
  const names = provides.map(({ kind, name }) => `${kind} '${name}'`).join(', ');
  throw new GradswarmError(
    'ERR_SCENARIO',
    `expected '${module}' to define one thing, or one as its default export, got ${names}; list it under use and give the name`,
  );
}
