import { existsSync, statSync } from 'node:fs';
import { resolve } from 'node:path';
import { isSweep } from '../../protocol/scenario/input.js';
import { resolveScenario } from '../../protocol/scenario/resolve.js';
import { resolveSweep } from '../../protocol/scenario/sweep.js';
import { isPlainObject } from '../../protocol/settings/plain-data.js';
import { importModule } from '../plug-ins/import-module.js';
import { withPlugIns } from '../plug-ins/use.js';
import { loadCatalogue } from '../run/catalogue.js';
import { folderOf, loadScenario, shippedNames } from '../run/load.js';
import { withNamedFiles } from '../run/named-files.js';
import { readPoints } from '../run/sweep-run.js';
import { whatIsRead } from '../run/what-is-read.js';

/** A scenario or sweep that can be run. */
export interface CheckedScenario {
  readonly kind: 'scenario' | 'sweep';
  readonly name: string;
  /** Of all points. */
  readonly rounds: number;
  /** 1 of a scenario. */
  readonly points: number;
}

/** Is it a scenario rather than a module that defines things: a shipped name, JSON, a run's folder, or a module that exports one? */
export async function isScenarioPath(path: string): Promise<boolean> {
  if (shippedNames().includes(path) || path.endsWith('.json')) return true;
  if (!existsSync(path)) return false;
  if (statSync(path).isDirectory()) return true;
  const { default: exported } = (await importModule(resolve(path))) as { readonly default?: unknown };
  return (
    isPlainObject(exported) &&
    ('sweep' in exported || 'base' in exported || 'method' in exported || 'study' in exported)
  );
}

/** Everything that `run` does before it begins: settings, names, figures, modules and data. Runs and writes nothing. Throws what `run` throws. */
export async function checkScenario(nameOrPath: string): Promise<CheckedScenario> {
  const folder = folderOf(nameOrPath);
  const input = await withNamedFiles(await withPlugIns(await loadScenario(nameOrPath), folder), folder);
  const catalogue = await loadCatalogue();
  if (!isSweep(input)) {
    const scenario = await resolveScenario(input, catalogue);
    await whatIsRead(scenario);
    return { kind: 'scenario', name: scenario.name, rounds: scenario.rounds, points: 1 };
  }
  const sweep = await resolveSweep(input, catalogue);
  await readPoints(sweep, new AbortController().signal);
  const { name, points } = sweep;
  const rounds = points.reduce((sum, { scenario }) => sum + scenario.rounds, 0);
  return { kind: 'sweep', name, rounds, points: points.length };
}
