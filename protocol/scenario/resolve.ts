import { isPlainObject, plainCopy } from '../settings/plain-data.js';
import { Problems } from '../settings/problems.js';
import type { SettingsOf } from '../settings/settings.js';
import type { Catalogue } from './catalogue.js';
import { checkAcross } from './cross-checks.js';
import type { ScenarioInput } from './input.js';
import { PathChecks } from './path-checks.js';
import { type Named, NameResolver } from './resolve-named.js';
import type { Claim, Json, JsonObject, Link, Scenario } from './scenario.js';
import { scenarioSettings } from './schema.js';
import { DEFAULT_DEVICE, DEFAULT_LINK } from './schema-parts.js';

/**
 * The complete scenario: every default written out, every name and number checked. A resolved scenario resolves to
 * itself. Throws ERR_SCENARIO with all problems found, one a line, each as `path: expected X, got Y`.
 */
export async function resolveScenario(input: ScenarioInput, catalogue: Catalogue): Promise<Scenario> {
  const problems = new Problems();
  const subject = `scenario '${isPlainObject(input) && typeof input.name === 'string' ? input.name : '?'}'`;
  const given = plainCopy(input, '', problems);
  if (isPlainObject(given)) await scenarioSettings.load(given);
  const fixed = isPlainObject(given)
    ? scenarioSettings.complete(given, '', problems)
    : problems.add('', 'an object', input);
  if (isPlainObject(given)) {
    const named = await new NameResolver(catalogue, problems).named(
      given as JsonObject,
      (fixed?.claims ?? []) as readonly Claim[],
      fixed && problems.count === 0 ? fixed : null,
    );
    if (fixed && problems.count === 0) {
      const scenario = assemble(fixed, named);
      await checkAcross(scenario, named.found, problems);
      if (!scenario.changed) {
        const checks = new PathChecks([scenario], [], named.figures, problems);
        // Behind those that are always expected, which stand first.
        const usual = scenario.expect.length - ((given.expect as readonly Json[] | undefined)?.length ?? 0);
        await checks.expectations(scenario.expect.slice(usual), 'expect', catalogue);
        await checks.claims(scenario.claims, catalogue);
      }
      problems.throwIfAny(subject);
      return withUsual(scenario);
    }
  }
  problems.throwIfAny(subject);
  throw new Error('a scenario without problems was not resolved');
}

/** Parts that a record has only where they were given. */
const LEFT_OUT = [
  'use',
  'initial',
  'energy',
  'timingOnly',
  'stopWhen',
  'keepBest',
  'saveModel',
  'changed',
  'reportPlots',
];

function assemble(fixed: SettingsOf<typeof scenarioSettings>, { found: _, figures: __, ...named }: Named): Scenario {
  const whole = { ...fixed, ...named } as Record<string, unknown>;
  const inOrder = Object.keys(scenarioSettings.shape).filter((key) => whole[key] !== null || !LEFT_OUT.includes(key));
  return Object.fromEntries(inOrder.map((key) => [key, whole[key]])) as unknown as Scenario;
}

/** Lists that cover only some get the usual device and link below them; the last entry that matches counts. */
function withUsual(scenario: Scenario): Scenario {
  const { devices, links } = scenario;
  return {
    ...scenario,
    devices: devices[0]?.clients === 'all' ? devices : [DEFAULT_DEVICE, ...devices],
    links: links[0] && isWhole(links[0]) ? links : [DEFAULT_LINK, ...links],
  };
}

function isWhole({ from, to, kind, direction }: Link): boolean {
  return from === 'all' && to === 'all' && kind === null && direction === 'all';
}
