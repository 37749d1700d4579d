import { statSync } from 'node:fs';
import { resolve } from 'node:path';
import type { ExtensionKind } from '../../protocol/settings/extension.js';
import { extensionPoint } from '../plug-ins/extension-points.js';
import { importModule } from '../plug-ins/import-module.js';
import { isPath } from '../plug-ins/module-path.js';
import { loadPlugIn } from '../plug-ins/plug-ins.js';
import { type Claim, ClaimError } from './claim.js';
import { claimsOf } from './claims-of.js';
import { needsIn } from './contract-needs.js';

/** One claim as it was tried. */
export interface CheckedClaim {
  readonly title: string;
  readonly holds: boolean;
  /** What was expected and what was found; null: it holds. */
  readonly problem: string | null;
  /** What the cause may be, or what to do; null: it holds, or the problem says it. */
  readonly advice: string | null;
}

/** One thing that a module defines, and what was tried on it. */
export interface CheckedThing {
  readonly kind: ExtensionKind;
  readonly name: string;
  readonly claims: readonly CheckedClaim[];
}

/** Called by `checkModule` during its work. */
export interface CheckWatcher {
  thing(kind: ExtensionKind, name: string, claims: number): void;
  claim(claim: CheckedClaim): void;
}

/** Of a module: every claim of all that it defines, titles beginning with kind and name, for a test framework. Errors as below. */
export async function moduleClaims(module: string): Promise<readonly Claim[]> {
  const things = await thingsOf(module);
  return things.flatMap(({ kind, name, claims }) =>
    claims.map(({ title, run }) => ({ title: `${kind} ${name}: ${title}`, run })),
  );
}

async function thingsOf(module: string) {
  const { provides, file } = await loadPlugIn(moduleOf(module), process.cwd());
  const needsOf = needsIn(await importModule(file), provides);
  const things: { readonly kind: ExtensionKind; readonly name: string; readonly claims: readonly Claim[] }[] = [];
  for (const { kind, name } of provides)
    things.push({ kind, name, claims: await claimsOf(extensionPoint(kind)!.get(name), needsOf(name)) });
  return things;
}

/** A path, also without './' before it, or the name of a package that is found from the working directory. */
function moduleOf(module: string): string {
  const file = resolve(module);
  return isPath(module) || isFile(file) || /\.[mc]?[jt]sx?$/.test(module) ? file : module;
}

function isFile(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isFile() ?? false;
}

/**
 * Tries every claim of the contract of all that a module defines. `module`: the path of its file or the name of a package, found from the
 * working directory. Throws ERR_SCENARIO where it cannot be loaded or defines nothing.
 */
export async function checkModule(module: string, watcher?: CheckWatcher): Promise<readonly CheckedThing[]> {
  const checked: CheckedThing[] = [];
  for (const { kind, name, claims } of await thingsOf(module)) {
    watcher?.thing(kind, name, claims.length);
    const results: CheckedClaim[] = [];
    for (const { title, run } of claims) {
      const found = await run().then(
        () => ({ holds: true, problem: null, advice: null }),
        (error: unknown) => ({ holds: false, ...whatIsWrong(error) }),
      );
      results.push({ title, ...found });
      watcher?.claim(results.at(-1)!);
    }
    checked.push({ kind, name, claims: results });
  }
  return checked;
}

function whatIsWrong(error: unknown): Pick<CheckedClaim, 'problem' | 'advice'> {
  if (error instanceof ClaimError) return { problem: error.problem, advice: error.advice };
  return { problem: error instanceof Error ? error.message : String(error), advice: null };
}
