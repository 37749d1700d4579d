import { plainCopy } from '../settings/plain-data.js';
import { Problems } from '../settings/problems.js';
import type { Catalogue } from './catalogue.js';
import { figureNames } from './figure-names.js';
import type { ScenarioInput, SweepInput } from './input.js';
import { PathChecks } from './path-checks.js';
import { resolveScenario } from './resolve.js';
import { resolveClaims, resolveExpectations } from './resolve-expectations.js';
import type { Claim, Json, JsonObject, Scenario, Spec } from './scenario.js';
import { sweepSettings } from './schema.js';
import { withSeedAxis } from './seed-axis.js';
import { assign } from './set-path.js';
import { combinations } from './sweep-points.js';
import { choiceInWords } from './wording.js';

/** One setting of the swept paths. */
export interface SweepPoint<S> {
  /** Its values of the varied settings, such as `partition=dirichlet(alpha=0.1), seed=2`. */
  readonly label: string;
  readonly values: Readonly<Record<string, Json>>;
  readonly scenario: S;
}

/** A sweep with every point complete; what is run, and what the sweep's record holds. */
export interface ResolvedSweep {
  readonly name: string;
  readonly description: string;
  readonly over: Readonly<Record<string, readonly Json[]>>;
  readonly points: readonly SweepPoint<Scenario>[];
  /** Judged over all points together. */
  readonly expect: readonly Spec[];
  readonly claims: readonly Claim[];
  /** As in a scenario, of the sweep's own expectations and claims. */
  readonly changed?: readonly string[];
  readonly reportPlots: readonly JsonObject[];
  /** As it was written: a folder of a sweep can be run again. Records of older versions have none. */
  readonly input?: SweepInput;
}

/** Every point resolved, in written order: the last path changes fastest. Throws ERR_SCENARIO. */
export async function resolveSweep(asked: SweepInput, catalogue: Catalogue): Promise<ResolvedSweep> {
  const input = withSeedAxis(asked);
  const problems = new Problems();
  const subject = `sweep '${String(input.sweep)}'`;
  const given = plainCopy(input, '', problems);
  const parts = sweepSettings.complete(given as JsonObject, '', problems);
  problems.throwIfAny(subject);
  const points: SweepPoint<Scenario>[] = [];
  for (const { scenario, ...point } of expandSweep(given as unknown as SweepInput)) {
    points.push({ ...point, scenario: await resolveScenario(scenario, catalogue) });
  }
  // What does not apply may name figures that the changed runs do not have.
  const known = parts.changed
    ? null
    : await figureNames(
        points.map(({ scenario }) => scenario),
        catalogue,
      );
  const expect = await resolveExpectations(parts.expect as Json[], 'expect', catalogue, problems, known);
  const claimed = await resolveClaims(parts.claims as Claim[], catalogue, problems, known);
  for (const [index, { where }] of claimed.entries())
    if (where === null)
      problems.add(`claims.${index}.where`, 'the runs that the claim is about, by paths and values', 'none');
  if (!parts.changed) {
    const checks = new PathChecks(
      points.map(({ scenario }) => scenario),
      Object.keys(parts.over as ResolvedSweep['over']),
      known,
      problems,
    );
    await checks.expectations(expect, 'expect', catalogue);
    await checks.claims(claimed, catalogue);
  }
  problems.throwIfAny(subject);
  const { sweep: name, description, over, changed } = parts;
  return {
    name,
    description,
    over: over as ResolvedSweep['over'],
    points,
    expect,
    claims: claimed,
    ...(changed && { changed }),
    reportPlots: parts.reportPlots as readonly JsonObject[],
    input: given as unknown as SweepInput,
  };
}

/** The Cartesian product in written order, or the points that are listed, each point as the scenario that a person could have written for it. */
export function expandSweep({ sweep, description, base, over, points }: SweepInput): SweepPoint<ScenarioInput>[] {
  const paths = Object.keys(over);
  const taken = new Set<string>();
  return combinations(over, points).map((values, index) => {
    const label = choiceInWords(values, over);
    const start = { description: description ?? '', ...base, name: `${sweep}/${folderName(label, index, taken)}` };
    const scenario = paths.reduce<ScenarioInput>((so, path) => assign(so, { path, value: values[path]! }), start);
    return { label, values, scenario };
  });
}

const LONGEST_FOLDER_NAME = 100;

function folderName(label: string, index: number, taken: Set<string>): string {
  const words = label.replace(/[^A-Za-z0-9.]+/g, '-').replace(/^[-.]+|[-.]+$/g, '');
  const name = words === '' || words.length > LONGEST_FOLDER_NAME || taken.has(words) ? `point-${index}` : words;
  taken.add(name);
  return name;
}
