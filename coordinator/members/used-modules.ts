import type { Scenario, UsedModule } from '../../protocol/scenario/scenario.js';

/** Why a worker that has loaded these modules cannot host clients of the scenario, or null. */
export function refusedModules(use: readonly UsedModule[] = [], loaded: readonly UsedModule[] = []): string | null {
  const missing = use.find(({ sha256 }) => !loaded.some((other) => other.sha256 === sha256));
  if (!missing) return null;
  const name = fileName(missing.module);
  const other = loaded.find(({ module }) => fileName(module) === name);
  const got = other ? `another version, ${short(other)}` : 'a worker without it';
  return `expected the module '${name}' with SHA-256 ${short(missing)}, got ${got}; start the worker with --use and its own copy of the file`;
}

/** The scenario for other machines, which have these files elsewhere: what counts there is what is in them. */
export function withoutPaths(scenario: Scenario): Scenario {
  const { use, initial } = scenario;
  return {
    ...scenario,
    ...(use && { use: use.map(({ module, sha256 }) => ({ module: fileName(module), sha256 })) }),
    ...(initial && { initial: { ...initial, file: fileName(initial.file) } }),
  };
}

/** The last part of a path; names of packages stay whole. */
export function fileName(module: string): string {
  return /^(\/|\.|[A-Za-z]:)/.test(module) ? module.replace(/^.*[\\/]/, '') : module;
}

function short({ sha256 }: UsedModule): string {
  return `${sha256.slice(0, 12)}…`;
}
