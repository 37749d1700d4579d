import { dirname, resolve } from 'node:path';
import type { ExtensionKind } from '../../protocol/settings/extension.js';
import { extensionPoint } from '../plug-ins/extension-points.js';
import { importModule } from '../plug-ins/import-module.js';
import { loadPlugIn } from '../plug-ins/plug-ins.js';
import type { Claim } from './claim.js';
import type { ContractNeeds } from './claims-of.js';
import { claimsOf } from './claims-of.js';

/** One claim as it was tried. */
export interface CheckedClaim {
  readonly title: string;
  readonly holds: boolean;
  /** What was expected and what was found; null: it holds. */
  readonly problem: string | null;
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
export async function moduleClaims(path: string): Promise<readonly Claim[]> {
  const things = await thingsOf(path);
  return things.flatMap(({ kind, name, claims }) =>
    claims.map(({ title, run }) => ({ title: `${kind} ${name}: ${title}`, run })),
  );
}

async function thingsOf(path: string) {
  const file = resolve(path);
  const { provides } = await loadPlugIn(file, dirname(file));
  const { contract = {} } = (await importModule(file)) as { readonly contract?: ContractNeeds };
  const things: { readonly kind: ExtensionKind; readonly name: string; readonly claims: readonly Claim[] }[] = [];
  for (const { kind, name } of provides)
    things.push({ kind, name, claims: await claimsOf(extensionPoint(kind)!.get(name), contract) });
  return things;
}

/**
 * Tries every claim of the contract of all that a module defines. `path`: of its file, relative to the working directory. Throws
 * ERR_SCENARIO where it cannot be loaded or defines nothing.
 */
export async function checkModule(path: string, watcher?: CheckWatcher): Promise<readonly CheckedThing[]> {
  const checked: CheckedThing[] = [];
  for (const { kind, name, claims } of await thingsOf(path)) {
    watcher?.thing(kind, name, claims.length);
    const results: CheckedClaim[] = [];
    for (const { title, run } of claims) {
      const problem = await run().then(
        () => null,
        (error: unknown) => (error instanceof Error ? error.message : String(error)),
      );
      results.push({ title, holds: problem === null, problem });
      watcher?.claim(results.at(-1)!);
    }
    checked.push({ kind, name, claims: results });
  }
  return checked;
}
