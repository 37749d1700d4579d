import { join, type Problems } from '../settings/problems.js';
import type { Found } from './codec-checks.js';
import type { Scenario } from './scenario.js';

/** A limit is kept by what is known of a round before it begins. */
export function checkForeseen(
  { method: { name }, privacy: { budget } }: Scenario,
  { method }: Found,
  problems: Problems,
): void {
  if (!method.isPrivate || method.clientReleases) return;
  const why = 'does not say with clientReleases what its clients release: its first round could pass';
  if (budget !== null) problems.add('privacy.budget', `null with '${name}', which ${why} a budget`, budget);
  if (method.target)
    problems.add(
      'method.name',
      `a method with clientReleases or without target, since '${name}' ${why} its target`,
      name,
    );
}

/**
 * A private method makes its noise for the plain sum or mean of clipped vectors, each of which depends on one client's examples. What
 * lets one client's examples move more than its own vector before the noise is added would make the ledger's epsilon too small.
 */
export function checkPrivateSums(
  { aggregators, faults, method: { name } }: Scenario,
  { method, faults: families }: Found,
  problems: Problems,
): void {
  if (!method.isPrivate) return;
  // What is private by itself before it is sent says so by letting lossy codecs touch it.
  const clipped = Object.entries(method.messages)
    .filter(([, { from, lossy }]) => from === 'clients' && lossy === undefined)
    .map(([kind]) => kind);
  for (const kind of Object.keys(aggregators ?? {}))
    if (clipped.includes(kind))
      problems.add(
        join('aggregators', kind),
        `no rule, since '${name}' makes its noise for the plain sum of '${kind}': behind a rule one example may move it further`,
        aggregators![kind],
      );
  faults.forEach((rule, index) => {
    if (!families[index]!.readsOthers?.(rule)) return;
    const kinds = clipped.filter((kind) => (rule.kind ?? kind) === kind);
    if (kinds.length === 0) return;
    problems.add(
      `faults.${index}`,
      `no forged '${kinds.join("', '")}' that depend on the vectors of other clients, since '${name}' makes its noise for what each client sends by itself`,
      rule,
    );
  });
}
