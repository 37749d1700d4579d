import { isPlainObject } from '../settings/plain-data.js';
import { join, nearestHint, type Problems } from '../settings/problems.js';
import type { Catalogue, FigureNames } from './catalogue.js';
import { isFigure } from './figure-names.js';
import type { Claim, Json, JsonObject, Scenario, Spec } from './scenario.js';
import { valueAtPath } from './set-path.js';
import { valueInWords } from './wording.js';

/** Paths and values by which expectations and claims choose among the runs `scenarios`: one of them at least must have each. */
export class PathChecks {
  /** Of all scenarios, for the nearest one. */
  private paths: readonly string[] | null = null;

  /** `swept`: the paths in which the runs differ; none for a single run, whose values are not compared. */
  constructor(
    private readonly scenarios: readonly Scenario[],
    private readonly swept: readonly string[],
    private readonly known: FigureNames | null,
    private readonly problems: Problems,
  ) {}

  async claims(claims: readonly Claim[], catalogue: Catalogue): Promise<void> {
    for (const [index, { where, against, judgedBy }] of claims.entries()) {
      const path = `claims.${index}`;
      this.runs(where, join(path, 'where'));
      this.runs(against, join(path, 'against'));
      await this.expectations(judgedBy, join(path, 'judgedBy'), catalogue);
    }
  }

  async expectations(specs: readonly Spec[], path: string, { expectations }: Catalogue): Promise<void> {
    for (const [index, { name, where, ...settings }] of specs.entries()) {
      const at = join(path, index);
      this.runs(where, join(at, 'where'));
      const shape = (await expectations.find(name))?.settings.shape ?? {};
      for (const [key, { reads }] of Object.entries(shape)) {
        const value = settings[key];
        if (reads === 'runs') this.runs(value, join(at, key));
        if (reads === 'path' && typeof value === 'string') this.path(value, join(at, key));
        if (reads === 'axis' && value !== 'round' && !(this.known && isFigure(String(value), this.known)))
          this.path(String(value), join(at, key), "'round', a figure or ");
      }
    }
  }

  private runs(values: unknown, at: string): void {
    if (!isPlainObject(values)) return;
    const before = this.problems.count;
    for (const path of Object.keys(values)) this.path(path, at);
    if (this.swept.length === 0 || this.problems.count > before) return;
    const chosen = values as JsonObject;
    for (const [path, value] of Object.entries(chosen)) {
      const found = this.valuesAt(path);
      if (found.some((one) => same(one, value))) continue;
      this.problems.add(join(at, path), `a value that a run has (${found.map(valueInWords).join(', ')})`, value);
    }
    const has = (scenario: Scenario) =>
      Object.entries(chosen).every(([path, value]) => same(valueAtPath(plain(scenario), path), value));
    if (this.problems.count === before && !this.scenarios.some(has))
      this.problems.add(at, 'values that one run has together', values);
  }

  private path(path: string, at: string, or = ''): void {
    if (this.scenarios.some((scenario) => valueAtPath(plain(scenario), path) !== undefined)) return;
    this.paths ??= [...new Set(this.scenarios.flatMap((scenario) => [...pathsIn(plain(scenario), '')]))];
    const examples = this.swept.length > 0 ? ` (swept: ${this.swept.join(', ')})` : '';
    this.problems.add(at, `${or}a path of the scenario${examples}`, path, nearestHint(path, this.paths));
  }

  /** The different values that runs have at a path. */
  private valuesAt(path: string): Json[] {
    const texts = this.scenarios.map((scenario) => JSON.stringify(valueAtPath(plain(scenario), path)));
    return [...new Set(texts.filter((text) => text !== undefined))].map((text) => JSON.parse(text) as Json);
  }
}

const plain = (scenario: Scenario) => scenario as unknown as JsonObject;
const same = (one: Json | undefined, other: Json | undefined) => JSON.stringify(one) === JSON.stringify(other);

function* pathsIn(value: Json, path: string): Generator<string> {
  if (path !== '') yield path;
  if (typeof value !== 'object' || value === null) return;
  for (const [key, inside] of Object.entries(value)) yield* pathsIn(inside as Json, join(path, key));
}
