import type { ScenarioInput } from '../../protocol/scenario/input.js';
import type { JsonObject } from '../../protocol/scenario/scenario.js';
import { isPlainObject } from '../../protocol/settings/plain-data.js';
import { Problems } from '../../protocol/settings/problems.js';
import type { OptimizerNeeds } from './optimizer-claims.js';
import type { MethodNeeds } from './parts/tiny-problems.js';

/**
 * What the contract needs to know to try a thing, where what it takes by itself does not fit. A module exports it as `contract`
 * beside what it defines; one of several things as `contracts`, by the names of these.
 */
export interface ContractNeeds extends MethodNeeds, OptimizerNeeds {
  /** Settings other than the defaults, without which the thing cannot be tried. */
  readonly settings?: JsonObject;
  /** Parts of the scenario of the run that uses the thing. */
  readonly run?: Partial<ScenarioInput>;
  /** Objectives: examples of this shape, and classes (0: regression). Left out: classification of 3 classes, 5 numbers. */
  readonly examples?: { readonly featureShape: readonly number[]; readonly classCount: number };
}

const KNOWN: Readonly<Record<keyof ContractNeeds, true>> = {
  settings: true,
  run: true,
  examples: true,
  peak: true,
  hyperparameters: true,
  topology: true,
  cohort: true,
  objective: true,
  data: true,
  convergence: true,
  loss: true,
  toleratesLoss: true,
  scenario: true,
};

/** What a module exports as `contract`, and by name as `contracts`, of each of its things. Throws ERR_SCENARIO for another shape, name or key. */
export function needsIn(
  { contract = {}, contracts = {} }: Readonly<Record<string, unknown>>,
  provides: readonly { readonly name: string }[],
): (name: string) => ContractNeeds {
  const problems = new Problems();
  const names = [...new Set(provides.map(({ name }) => name))];
  expectNeeds(contract, 'contract', problems);
  if (!isPlainObject(contracts))
    problems.add('contracts', 'an object with what each thing needs by its name', contracts);
  else
    for (const [name, needs] of Object.entries(contracts))
      if (names.includes(name)) expectNeeds(needs, `contracts.${name}`, problems);
      else problems.unknownName(`contracts.${name}`, 'what the module defines', name, names);
  problems.throwIfAny();
  return (name) => ({
    ...(contract as ContractNeeds),
    ...(contracts as Readonly<Record<string, ContractNeeds>>)[name],
  });
}

function expectNeeds(needs: unknown, path: string, problems: Problems): void {
  if (!isPlainObject(needs)) return problems.add(path, 'an object such as { settings: { step: 0.1 } }', needs);
  for (const key of Object.keys(needs))
    if (!Object.hasOwn(KNOWN, key)) problems.unknownKey(path, key, Object.keys(KNOWN));
}
