import { specOf } from '../settings/named-modules.js';
import { join, type Problems } from '../settings/problems.js';
import type { Catalogue, FigureNames } from './catalogue.js';
import { checkReads } from './figure-names.js';
import type { Claim, Json, JsonObject, Spec } from './scenario.js';
import { chosenRuns } from './settings.js';

/** Claims with the expectations that judge them completed. */
export async function resolveClaims(
  given: readonly Claim[],
  catalogue: Catalogue,
  problems: Problems,
  known: FigureNames | null,
): Promise<Claim[]> {
  const claims: Claim[] = [];
  for (const [index, claim] of given.entries()) {
    const path = `claims.${index}.judgedBy`;
    claims.push({ ...claim, judgedBy: await resolveExpectations(claim.judgedBy, path, catalogue, problems, known) });
  }
  return claims;
}

const WHERE = chosenRuns({}, 'The runs of a sweep that the expectation is about');

/** Expectations with their settings completed, in the order given. `known`: what they may read; null: not checked. */
export async function resolveExpectations(
  given: readonly Json[],
  path: string,
  catalogue: Catalogue,
  problems: Problems,
  known: FigureNames | null,
): Promise<Spec[]> {
  const specs: Spec[] = [];
  for (const [index, value] of given.entries()) {
    const at = join(path, index);
    const asked = specOf(value, 'an expectation', at, problems);
    if (!asked) continue;
    const { name, where, ...own } = asked as Spec;
    const family = await catalogue.expectations.find(name);
    if (!family) {
      problems.unknownName(join(at, 'name'), 'an expectation', name, await catalogue.expectations.names());
      continue;
    }
    // Every expectation may be narrowed to a part of a sweep, whatever its own settings are.
    const narrowed = where === undefined ? {} : { where: WHERE.read(where, join(at, 'where'), problems) };
    const before = problems.count;
    const settings: JsonObject = family.settings.complete(own, at, problems);
    if (problems.count === before && known) checkReads(family.settings, settings, at, known, problems);
    specs.push({ name, ...settings, ...narrowed });
  }
  return specs;
}
